/**
 * Trouble: a problem told to a person. What went wrong, and the way back. Pure.
 */
import type { Problem } from '../../http/problem.ts'
import { Layout } from '../part/layout.tsx'
import type { Scene } from '../scene.ts'

export function Trouble({ scene, problem }: { scene: Scene; problem: Problem }) {
  const { trouble } = scene.text
  const said = wordsOf(problem, scene)
  return (
    <Layout scene={scene} title={said.title}>
      <section class="sheet door-sheet" role="alert">
        <h1>{said.title}</h1>
        <p>{said.text}</p>
        {problem.problems && (
          <ul>
            {problem.problems.map((line) => (
              <li>{line}</li>
            ))}
          </ul>
        )}
        <p>
          <a href="/">{trouble.back}</a>
        </p>
        <p class="note">
          {trouble.code} <code>{problem.code}</code>
        </p>
      </section>
    </Layout>
  )
}

function wordsOf(
  { status, code, detail }: Problem,
  { text: { trouble } }: Scene,
): { title: string; text: string } {
  if (status === 404) return { title: trouble.notFoundTitle, text: trouble.notFoundText }
  if (status === 403) return { title: trouble.forbiddenTitle, text: trouble.forbiddenText }
  if (status === 429) return { title: trouble.manyTitle, text: trouble.manyText }
  if (status < 500) return { title: trouble.badTitle, text: detail }
  if (code === 'database') return { title: trouble.awayTitle, text: trouble.awayText }
  return { title: trouble.brokenTitle, text: trouble.brokenText }
}
