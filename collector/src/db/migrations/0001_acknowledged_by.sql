ALTER TABLE "incident" ADD COLUMN "acknowledged_by" text;--> statement-breakpoint
ALTER TABLE "incident" ADD COLUMN "provider_acknowledged_ms" bigint;