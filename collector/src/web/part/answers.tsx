/** Answers: where PagerDuty tells who has an incident in hand, and its secret, which is never shown again. Pure. */
import type { Webhook } from '../../view/setup.ts'
import type { Text } from '../text/en.ts'

export function Answers({ webhook, publicUrl, text }: { webhook: Webhook; publicUrl: string; text: Text }) {
  const { alert } = text
  const id = `answers-${webhook.id}`
  return (
    <details id={id}>
      <summary>{webhook.answers ? alert.answersOn : alert.answers}</summary>
      <p class="note">{alert.answersHow}</p>
      <p class="note">
        <code>{`${publicUrl}/acknowledge/pagerduty/${webhook.id}`}</code>
      </p>
      <form method="post" action={`/setup/alerts/${encodeURIComponent(webhook.id)}/answers`} class="stack">
        <label for={`${id}-secret`}>{alert.answersSecret}</label>
        <input
          id={`${id}-secret`}
          name="secret"
          type="password"
          minlength={16}
          maxlength={120}
          autocomplete="off"
          aria-describedby={`${id}-hint`}
        />
        <span class="note" id={`${id}-hint`}>
          {alert.answersEmpty}
        </span>
        <button class="primary">{alert.save}</button>
      </form>
    </details>
  )
}
