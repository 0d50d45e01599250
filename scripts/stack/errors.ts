/**
 * Something a person can put right: a taken port, a missing tool, a broken migration. The command line prints the message
 * alone; any other error is a bug and keeps its stack trace.
 */
export class StackError extends Error {
  override name = "StackError";
}
