import type { Ratio } from './ratios.ts'

const width = 860
const rowHeight = 22
const labelWidth = 430
const top = 56
/** The axis is logarithmic: twice as fast and half as fast are as far from 1. */
const least = 1 / 16
const most = 128

/** Our ratios as bars from 1, to the right where we are ahead; hand-made SVG without scripts. */
export function plotOf(ratios: readonly Ratio[], note: string): string {
  const height = top + ratios.length * rowHeight + 40
  const ticks = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64, 128]
  const bottom = top + ratios.length * rowHeight
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="16" y="22" font-size="15" font-weight="600" fill="#1d2d3e">Twinlatch by its peers, same work, same run</text>
<text x="16" y="40" fill="#556b82">${escapeXml(note)}</text>
${ticks.map((tick) => tickOf(tick, bottom)).join('\n')}
${ratios.map(barOf).join('\n')}
</svg>
`
}

function tickOf(value: number, bottom: number): string {
  const x = position(value)
  const text = value >= 1 ? `${value}×` : `1/${1 / value}`
  const stroke = value === 1 ? '#1d2d3e' : '#e3e8ed'
  return `<line x1="${x}" y1="${top - 4}" x2="${x}" y2="${bottom}" stroke="${stroke}"/><text x="${x}" y="${bottom + 16}" text-anchor="middle" fill="#556b82">${text}</text>`
}

function barOf(ratio: Ratio, index: number): string {
  const y = top + index * rowHeight
  const from = position(1)
  const to = position(ratio.ratio)
  const left = Math.min(from, to)
  const color = ratio.ratio >= 1 ? '#0070f2' : '#e76500'
  const ours = ratio.group === 'subjects' ? ratio.ours.replace('twinlatch, ', '') : ''
  const label = `${ratio.run.replace(/, (requests\/s|MB\/s|MB|\/s)$/, '')}${ours ? `, ${ours}` : ''}, by ${ratio.peer.replace(/,.*/, '')}`
  const beside = ratio.ratio >= 1 ? `x="${to + 4}"` : `x="${left - 4}" text-anchor="end"`
  return `<text x="${labelWidth - 8}" y="${y + 14}" text-anchor="end" fill="#1d2d3e">${escapeXml(label)}</text><rect x="${left}" y="${y + 4}" width="${Math.max(1, Math.abs(to - from)).toFixed(1)}" height="${rowHeight - 9}" rx="2" fill="${color}"/><text ${beside} y="${y + 14}" fill="#1d2d3e">${ratio.ratio.toFixed(2)}</text>`
}

function position(value: number): number {
  const within = Math.min(most, Math.max(least, Number.isFinite(value) ? value : 1))
  const share = Math.log(within / least) / Math.log(most / least)
  return Math.round((labelWidth + 30 + share * (width - labelWidth - 80)) * 10) / 10
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
