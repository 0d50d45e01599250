/** A table for people, in box-drawing characters. */

/** Lines of a table: the first row is its head; columns in `right` are aligned to the right. */
export function table(rows: string[][], right: number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  );
  const rule = (left: string, middle: string, end: string) =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + end;
  const line = (row: string[]) =>
    "│" + widths.map((width, column) => {
      const cell = row[column] ?? "";
      return ` ${right.includes(column) ? cell.padStart(width) : cell.padEnd(width)} `;
    }).join("│") + "│";
  const [head, ...body] = rows;
  return [
    rule("┌", "┬", "┐"),
    line(head ?? []),
    rule("├", "┼", "┤"),
    ...body.map(line),
    rule("└", "┴", "┘"),
  ].join("\n");
}
