ALTER TABLE "webhook" ADD COLUMN "signing_seed" "bytea";--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "paused_ms" bigint;--> statement-breakpoint
ALTER TABLE "webhook" ADD COLUMN "contracts" jsonb;