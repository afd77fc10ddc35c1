/** A fact: a small label over what it says, on a ruled line. Pure. */

export function Fact({ term, children }: { term: string; children: unknown }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  )
}
