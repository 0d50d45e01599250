// Generated from supabase/migrations by `deno task schema`.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "account_events": {
        Row: {
          "actor": string;
          "balance": number;
          "created_at": string;
          "delta": number;
          "generation_id": string | null;
          "reason": string;
          "type": Database["public"]["Enums"]["account_event_type"];
          "user_id": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "actor": string;
          "balance": number;
          "created_at": string;
          "delta": number;
          "generation_id"?: string | null;
          "reason": string;
          "type": Database["public"]["Enums"]["account_event_type"];
          "user_id": string;
          "version": number;
        };
        Update: {
          "actor"?: string;
          "balance"?: number;
          "created_at"?: string;
          "delta"?: number;
          "generation_id"?: string | null;
          "reason"?: string;
          "type"?: Database["public"]["Enums"]["account_event_type"];
          "user_id"?: string;
          "version"?: number;
        };
        Relationships: [];
      };
      "generation_jobs": {
        Row: {
          "cost": number;
          "created_at": string;
          "deadline_at": string | null;
          "error": string | null;
          "finished_at": string | null;
          "id": string;
          "input": Json | null;
          "late_result_at": string | null;
          "lease_expires_at": string | null;
          "lease_token": string | null;
          "refund_on_failure": boolean;
          "refunded": number;
          "refunded_at": string | null;
          "status": Database["public"]["Enums"]["generation_status"];
          "type": string;
          "user_id": string;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "cost": number;
          "created_at"?: string;
          "deadline_at"?: string | null;
          "error"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "input"?: Json | null;
          "late_result_at"?: string | null;
          "lease_expires_at"?: string | null;
          "lease_token"?: string | null;
          "refund_on_failure": boolean;
          "refunded"?: number;
          "refunded_at"?: string | null;
          "status": Database["public"]["Enums"]["generation_status"];
          "type": string;
          "user_id": string;
          "version": number;
        };
        Update: {
          "cost"?: number;
          "created_at"?: string;
          "deadline_at"?: string | null;
          "error"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "input"?: Json | null;
          "late_result_at"?: string | null;
          "lease_expires_at"?: string | null;
          "lease_token"?: string | null;
          "refund_on_failure"?: boolean;
          "refunded"?: number;
          "refunded_at"?: string | null;
          "status"?: Database["public"]["Enums"]["generation_status"];
          "type"?: string;
          "user_id"?: string;
          "version"?: number;
        };
        Relationships: [];
      };
      "generation_results": {
        Row: {
          "created_at": string;
          "generation_id": string;
          "result": NonNullable<Json>;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "generation_id": string;
          "result": NonNullable<Json>;
          "user_id": string;
        };
        Update: {
          "created_at"?: string;
          "generation_id"?: string;
          "result"?: NonNullable<Json>;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "result_belongs_to_a_generation";
            columns: ["generation_id"];
            isOneToOne: true;
            referencedRelation: "generation_jobs";
            referencedColumns: ["id"];
          },
        ];
      };
      "generation_types": {
        Row: {
          "cost": number;
          "provider": string;
          "provider_options": NonNullable<Json>;
          "rate_limit_seconds": number;
          "refund_on_failure": boolean;
          "reservation_seconds": number | null;
          "slug": string;
          "timeout_seconds": number;
        };
        ComputedFields: never;
        Insert: {
          "cost": number;
          "provider"?: string;
          "provider_options"?: NonNullable<Json>;
          "rate_limit_seconds"?: number;
          "refund_on_failure"?: boolean;
          "reservation_seconds"?: number | null;
          "slug": string;
          "timeout_seconds"?: number;
        };
        Update: {
          "cost"?: number;
          "provider"?: string;
          "provider_options"?: NonNullable<Json>;
          "rate_limit_seconds"?: number;
          "refund_on_failure"?: boolean;
          "reservation_seconds"?: number | null;
          "slug"?: string;
          "timeout_seconds"?: number;
        };
        Relationships: [];
      };
      "profiles": {
        Row: {
          "closed_at": string | null;
          "created_at": string;
          "credits": number;
          "email": string | null;
          "id": string;
          "last_generate_at": string | null;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "closed_at"?: string | null;
          "created_at"?: string;
          "credits": number;
          "email"?: string | null;
          "id": string;
          "last_generate_at"?: string | null;
          "version": number;
        };
        Update: {
          "closed_at"?: string | null;
          "created_at"?: string;
          "credits"?: number;
          "email"?: string | null;
          "id"?: string;
          "last_generate_at"?: string | null;
          "version"?: number;
        };
        Relationships: [];
      };
      "topic_notifications": {
        Row: {
          "created_at": string;
          "id": number;
          "kind": string;
          "payload": NonNullable<Json>;
          "status": string;
          "subject": string;
          "topic": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at": string;
          "id": number;
          "kind": string;
          "payload": NonNullable<Json>;
          "status": string;
          "subject": string;
          "topic": string;
        };
        Update: {
          "created_at"?: string;
          "id"?: number;
          "kind"?: string;
          "payload"?: NonNullable<Json>;
          "status"?: string;
          "subject"?: string;
          "topic"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "notification_belongs_to_a_topic";
            columns: ["topic"];
            isOneToOne: false;
            referencedRelation: "topics";
            referencedColumns: ["name"];
          },
        ];
      };
      "topic_preferences": {
        Row: {
          "min_interval_seconds": number;
          "muted": boolean;
          "topic": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "min_interval_seconds": number;
          "muted": boolean;
          "topic": string;
          "updated_at": string;
          "user_id": string;
        };
        Update: {
          "min_interval_seconds"?: number;
          "muted"?: boolean;
          "topic"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [];
      };
      "topics": {
        Row: {
          "audience": string;
          "dedup_seconds": number;
          "name": string;
          "owner_id": string | null;
          "retention_days": number;
          "role": string | null;
          "version": number;
        };
        ComputedFields: never;
        Insert: {
          "audience"?: string;
          "dedup_seconds"?: number;
          "name": string;
          "owner_id"?: string | null;
          "retention_days"?: number;
          "role"?: string | null;
          "version"?: number;
        };
        Update: {
          "audience"?: string;
          "dedup_seconds"?: number;
          "name"?: string;
          "owner_id"?: string | null;
          "retention_days"?: number;
          "role"?: string | null;
          "version"?: number;
        };
        Relationships: [];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "complete_generation": {
        Args: {
          "p_cost"?: number;
          "p_generation_id": string;
          "p_idempotency_key"?: string;
          "p_lease_token"?: string;
          "p_result"?: Json;
        };
        Returns: Json;
      };
      "deduct_credit_atomic": {
        Args: { "p_rate_limit_seconds": number; "p_user_id": string };
        Returns: Json;
      };
      "expire_overdue_generations": { Args: { "p_user_id": string }; Returns: Json };
      "extend_lease": {
        Args: { "p_generation_id": string; "p_lease_seconds": number; "p_lease_token": string };
        Returns: Json;
      };
      "fail_generation": {
        Args: {
          "p_generation_id": string;
          "p_idempotency_key"?: string;
          "p_lease_token"?: string;
          "p_reason"?: string;
        };
        Returns: Json;
      };
      "get_account": { Args: { "p_known"?: string; "p_user_id": string }; Returns: Json };
      "get_account_history": {
        Args: { "p_before"?: number; "p_known"?: string; "p_limit"?: number; "p_user_id": string };
        Returns: Json;
      };
      "get_generation": {
        Args: { "p_generation_id": string; "p_known"?: string; "p_user_id": string };
        Returns: Json;
      };
      "get_generation_types": { Args: Record<PropertyKey, never>; Returns: Json };
      "get_generations": {
        Args: { "p_before"?: number; "p_known"?: string; "p_limit"?: number; "p_user_id": string };
        Returns: Json;
      };
      "get_health": { Args: Record<PropertyKey, never>; Returns: Json };
      "get_metrics": { Args: Record<PropertyKey, never>; Returns: Json };
      "get_preferences": {
        Args: { "p_known"?: string; "p_topic": string; "p_user_id": string };
        Returns: Json;
      };
      "grant_credits": {
        Args: {
          "p_amount": number;
          "p_idempotency_key"?: string;
          "p_reason": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      "hand_over_generation": {
        Args: { "p_generation_id": string; "p_lease_token": string };
        Returns: Json;
      };
      "open_account": { Args: { "p_email"?: string; "p_user_id": string }; Returns: Json };
      "open_stream": {
        Args: { "p_topics"?: (string)[]; "p_user_id": string; "p_with_newest"?: boolean };
        Returns: Json;
      };
      "poll_events": {
        Args: {
          "p_ids"?: (number)[];
          "p_limit"?: number;
          "p_topics"?: (string)[];
          "p_users": (string)[];
          "p_versions": (number)[];
        };
        Returns: Json;
      };
      "publish_notification": {
        Args: {
          "p_idempotency_key"?: string;
          "p_kind": string;
          "p_payload"?: Json;
          "p_status": string;
          "p_subject": string;
          "p_topic": string;
        };
        Returns: Json;
      };
      "record_change": { Args: { "p_reason": string; "p_user_id": string }; Returns: Json };
      "record_metrics": { Args: { "p_metrics": Json; "p_worker": string }; Returns: Json };
      "refund_credit_atomic": { Args: { "p_user_id": string }; Returns: Json };
      "refund_stuck_generations": { Args: { "p_limit"?: number; "p_run"?: number }; Returns: Json };
      "release_generation": {
        Args: {
          "p_generation_id"?: string;
          "p_idempotency_key"?: string;
          "p_reason"?: string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      "reserve_generation": {
        Args: {
          "p_idempotency_key"?: string;
          "p_rate_limit_seconds"?: number;
          "p_type"?: string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      "rotate_epoch": { Args: Record<PropertyKey, never>; Returns: Json };
      "set_preferences": {
        Args: {
          "p_idempotency_key"?: string;
          "p_min_interval_seconds": number;
          "p_muted": boolean;
          "p_topic": string;
          "p_user_id": string;
        };
        Returns: Json;
      };
      "submit_generation": {
        Args: {
          "p_generation_id"?: string;
          "p_idempotency_key"?: string;
          "p_input"?: Json;
          "p_lease_seconds"?: number;
          "p_type"?: string;
          "p_user_id": string;
        };
        Returns: Json;
      };
    };
    Enums: {
      "account_event_type":
        | "account.opened"
        | "account.closed"
        | "credit.granted"
        | "credit.adjusted"
        | "generation.reserved"
        | "generation.submitted"
        | "generation.completed"
        | "generation.failed"
        | "generation.released"
        | "generation.expired"
        | "generation.late_result"
        | "account.changed";
      "generation_status":
        | "reserved"
        | "processing"
        | "completed"
        | "failed"
        | "released"
        | "expired";
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Insert: infer I;
    } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Update: infer U;
    } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][
    CompositeTypeName
  ]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {
      "account_event_type": [
        "account.opened",
        "account.closed",
        "credit.granted",
        "credit.adjusted",
        "generation.reserved",
        "generation.submitted",
        "generation.completed",
        "generation.failed",
        "generation.released",
        "generation.expired",
        "generation.late_result",
        "account.changed",
      ],
      "generation_status": ["reserved", "processing", "completed", "failed", "released", "expired"],
    },
  },
} as const;
