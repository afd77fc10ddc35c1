CREATE TABLE "agent" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"public_key" "bytea" NOT NULL,
	"enrolled_ms" bigint NOT NULL,
	"revoked_ms" bigint,
	"version" text NOT NULL,
	"last_seen_ms" bigint NOT NULL,
	"silent_since_ms" bigint,
	"clock_offset_ms" integer DEFAULT 0 NOT NULL,
	"clock_error_ms" integer DEFAULT 0 NOT NULL,
	"spool_frames" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "agent_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "blob" (
	"digest" "bytea" PRIMARY KEY NOT NULL,
	"body" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "checkpoint" (
	"log" integer NOT NULL,
	"size" bigint NOT NULL,
	"note" text NOT NULL,
	"signed_ms" bigint NOT NULL,
	CONSTRAINT "checkpoint_log_size_pk" PRIMARY KEY("log","size")
);
--> statement-breakpoint
CREATE TABLE "chunk" (
	"log" integer NOT NULL,
	"check" text NOT NULL,
	"agent" text NOT NULL,
	"rules" text NOT NULL,
	"start_ms" bigint NOT NULL,
	"body" text NOT NULL,
	CONSTRAINT "chunk_log_check_agent_rules_start_ms_pk" PRIMARY KEY("log","check","agent","rules","start_ms")
);
--> statement-breakpoint
CREATE TABLE "cursor" (
	"agent" "bytea" NOT NULL,
	"session" "bytea" NOT NULL,
	"log" integer NOT NULL,
	"seq" bigint NOT NULL,
	"digest" "bytea" NOT NULL,
	CONSTRAINT "cursor_agent_session_pk" PRIMARY KEY("agent","session")
);
--> statement-breakpoint
CREATE TABLE "delivery" (
	"id" text PRIMARY KEY NOT NULL,
	"webhook" text NOT NULL,
	"message_id" text NOT NULL,
	"type" text NOT NULL,
	"payload" text NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_status" integer,
	"last_error" text,
	"last_body" text,
	"tries" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_ms" bigint NOT NULL,
	"next_ms" bigint,
	"delivered_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "entry" (
	"log" integer NOT NULL,
	"index" bigint NOT NULL,
	"type" integer NOT NULL,
	"received_ms" bigint NOT NULL,
	"body" "bytea" NOT NULL,
	"agent" "bytea",
	"session" "bytea",
	"seq" bigint,
	"from_ms" bigint,
	"to_ms" bigint,
	CONSTRAINT "entry_log_index_pk" PRIMARY KEY("log","index")
);
--> statement-breakpoint
CREATE TABLE "event" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "event_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"type" text NOT NULL,
	"contract" text,
	"at_ms" bigint NOT NULL,
	"data" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "folded" (
	"log" integer PRIMARY KEY NOT NULL,
	"next" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "incident" (
	"id" text PRIMARY KEY NOT NULL,
	"contract" text NOT NULL,
	"service" text NOT NULL,
	"check" text NOT NULL,
	"cause" text NOT NULL,
	"zone" text NOT NULL,
	"zone_reference" text,
	"onset_ms" bigint NOT NULL,
	"opened_ms" bigint NOT NULL,
	"end_ms" bigint,
	"closed_ms" bigint,
	"close_reason" text,
	"merged_into" text,
	"acknowledged_ms" bigint,
	"paged_ms" bigint,
	"reopened" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "latency" (
	"log" integer NOT NULL,
	"check" text NOT NULL,
	"agent" text NOT NULL,
	"start_ms" bigint NOT NULL,
	"samples" integer NOT NULL,
	"body" "bytea" NOT NULL,
	CONSTRAINT "latency_log_check_agent_start_ms_pk" PRIMARY KEY("log","check","agent","start_ms")
);
--> statement-breakpoint
CREATE TABLE "log" (
	"id" integer PRIMARY KEY NOT NULL,
	"contract" text NOT NULL,
	"origin" text NOT NULL,
	"size" bigint NOT NULL,
	"frontier" "bytea" NOT NULL,
	"root" "bytea" NOT NULL,
	"created_ms" bigint NOT NULL,
	CONSTRAINT "log_contract_unique" UNIQUE("contract"),
	CONSTRAINT "log_origin_unique" UNIQUE("origin")
);
--> statement-breakpoint
CREATE TABLE "meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "source" (
	"contract" text NOT NULL,
	"revision" integer NOT NULL,
	"files" jsonb NOT NULL,
	CONSTRAINT "source_contract_revision_pk" PRIMARY KEY("contract","revision")
);
--> statement-breakpoint
CREATE TABLE "tile" (
	"log" integer NOT NULL,
	"level" integer NOT NULL,
	"n" bigint NOT NULL,
	"hashes" "bytea" NOT NULL,
	CONSTRAINT "tile_log_level_n_pk" PRIMARY KEY("log","level","n")
);
--> statement-breakpoint
CREATE TABLE "token" (
	"hash" "bytea" PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"role" text,
	"name" text,
	"contract" text,
	"uses_left" integer,
	"created_ms" bigint NOT NULL,
	"expires_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "webhook" (
	"id" text PRIMARY KEY NOT NULL,
	"url" text NOT NULL,
	"types" jsonb NOT NULL,
	"shape" text NOT NULL,
	"secret" text NOT NULL,
	"created_ms" bigint NOT NULL,
	"disabled_ms" bigint
);
--> statement-breakpoint
CREATE INDEX "delivery_webhook" ON "delivery" USING btree ("webhook","created_ms");--> statement-breakpoint
CREATE INDEX "entry_session" ON "entry" USING btree ("session","seq");--> statement-breakpoint
CREATE INDEX "entry_span" ON "entry" USING btree ("log","agent","to_ms");--> statement-breakpoint
CREATE INDEX "entry_rare" ON "entry" USING btree ("log","type") WHERE type <> 1;--> statement-breakpoint
CREATE INDEX "event_contract" ON "event" USING btree ("contract","id");--> statement-breakpoint
CREATE INDEX "incident_service" ON "incident" USING btree ("contract","service","onset_ms");