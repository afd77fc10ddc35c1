DROP INDEX "delivery_webhook";--> statement-breakpoint
ALTER TABLE "delivery" ADD COLUMN "place" bigint NOT NULL GENERATED ALWAYS AS IDENTITY (sequence name "delivery_place_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1);--> statement-breakpoint
CREATE INDEX "delivery_pending" ON "delivery" USING btree ("webhook",(type not like 'incident.%' and type <> 'site.unreachable'),"next_ms","place") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "delivery_webhook" ON "delivery" USING btree ("webhook","created_ms","place");--> statement-breakpoint
DROP SCHEMA IF EXISTS "graphile_worker" CASCADE;