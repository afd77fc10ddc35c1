ALTER TABLE "agent" DROP CONSTRAINT "agent_name_unique";--> statement-breakpoint
CREATE UNIQUE INDEX "agent_name" ON "agent" USING btree ("name") WHERE revoked_ms is null;