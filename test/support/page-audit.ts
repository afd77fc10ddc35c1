/**
 * Page audit: what a person with a screen reader, a keyboard or weak eyes would trip over, asked inside the
 * page. Each finding is one line; an empty list is the pass.
 */

import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** Of the page that is there once it has loaded: between two pages there is a document of nothing. */
export async function audit(page: Page): Promise<string[]> {
  await page.waitForLoadState()
  return page.evaluate<string[]>(AUDIT)
}

/** The same by the rules of axe, which take longer than the page itself. */
export async function auditByAxe(page: Page): Promise<string[]> {
  await page.waitForLoadState()
  await page.evaluate(axe.source)
  return page.evaluate<string[]>(AXE)
}

/** The rules of axe, WCAG 2.2 AA and good practice, of which each finding is a line; contrast is measured by the audit above. */
const AXE = `axe.run(document, { resultTypes: ['violations'], selectors: false, elementRef: false, preload: false, rules: { 'color-contrast': { enabled: false } } }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 120) + ' ' + failureSummary.split('\\n').slice(1, 3).join(' ').slice(0, 200))))`

/** Runs in the browser, where the types of this project do not reach: it is text. */
const AUDIT = `(() => {
  const findings = []
  const wider = document.documentElement.scrollWidth - window.innerWidth
  if (wider > 0) findings.push('scrolls sideways by ' + wider)
  const tell = (rule, element) => findings.push(rule + ': ' + element.outerHTML.slice(0, 120))
  const shown = (element) => element.checkVisibility({ visibilityProperty: true })
  const nameOf = (element) =>
    (element.getAttribute('aria-label') ?? '') +
    (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('') +
    element.textContent.trim()

  for (const element of document.querySelectorAll('a[href], button, summary')) {
    if (shown(element) && nameOf(element) === '') tell('no name', element)
  }
  for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (field.labels.length === 0 && !field.getAttribute('aria-label')) tell('no label', field)
  }
  for (const graphic of document.querySelectorAll('svg, [role=img]')) {
    const hidden = graphic.closest('[aria-hidden=true]') || graphic.parentElement.closest('svg[aria-label]')
    if (!hidden && !graphic.getAttribute('aria-label')) tell('drawing without words', graphic)
  }
  for (const region of document.querySelectorAll('[role=region], nav, figure')) {
    if (!region.getAttribute('aria-label') && !region.getAttribute('aria-labelledby')) tell('unnamed', region)
  }
  for (const cell of document.querySelectorAll('th')) if (!cell.scope) tell('no scope', cell)
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map((heading) => Number(heading.localName[1]))
  levels.forEach((level, n) => n > 0 && level > levels[n - 1] + 1 && findings.push('heading skips to ' + level))
  for (const element of document.querySelectorAll('a[href], button, summary, input:not([type=hidden]), select')) {
    const box = element.getBoundingClientRect()
    const inline = getComputedStyle(element).display === 'inline'
    if (shown(element) && !inline && box.width > 1 && box.height < 24 && element.closest('.choice') === null) tell('target under 24 px', element)
  }

  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number)
  const lightness = ([r, g, b]) => {
    const line = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2]
  }
  const contrast = (a, b) => {
    const [high, low] = [lightness(a), lightness(b)].sort((x, y) => y - x)
    return (high + 0.05) / (low + 0.05)
  }
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor)
      if (color.length === 3 || color[3] === 1) return color
    }
    return [255, 255, 255]
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (walker.currentNode.data.trim() === '' || !shown(element) || element.closest('script')) continue
    const style = getComputedStyle(element)
    const color = parse(element.closest('svg') ? style.fill : style.color)
    const ratio = contrast(color, groundOf(element))
    if (ratio < 4.5) tell('contrast ' + ratio.toFixed(2), element)
  }
  for (const piece of document.querySelectorAll('.ribbon rect:not(.is-unknown), .icon')) {
    const ratio = contrast(parse(getComputedStyle(piece).fill), groundOf(piece))
    if (ratio < 3) tell('graphic contrast ' + ratio.toFixed(2), piece)
  }
  return [...new Set(findings)]
})()`
