CREATE TABLE "cosignature" (
	"log" integer NOT NULL,
	"size" bigint NOT NULL,
	"name" text NOT NULL,
	"key_id" bigint NOT NULL,
	"signature" "bytea" NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "cosignature_log_size_name_key_id_pk" PRIMARY KEY("log","size","name","key_id")
);
--> statement-breakpoint
CREATE TABLE "witnessed" (
	"origin" text PRIMARY KEY NOT NULL,
	"note" text NOT NULL,
	"at_ms" bigint NOT NULL
);
