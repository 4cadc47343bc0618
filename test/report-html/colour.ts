/** sRGB as light, CIELAB, ΔE2000, and what readers without one kind of cone see. */

type Triple = readonly [number, number, number]

const times = (matrix: readonly Triple[], [a, b, c]: Triple): Triple =>
  matrix.map(([x, y, z]) => x * a + y * b + z * c) as unknown as Triple

/** @example linear('#ffffff') // [1, 1, 1] (IEC 61966-2-1) */
export const linear = (hex: string): Triple =>
  [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as unknown as Triple

/** One colour over another, as a browser blends them: in sRGB's own coordinates. */
export const over = (hex: string, opacity: number, ground: string): string =>
  `#${[1, 3, 5]
    .map((i) => {
      const [a, b] = [hex, ground].map((colour) => Number.parseInt(colour.slice(i, i + 2), 16)) as [number, number]
      return Math.round(opacity * a + (1 - opacity) * b)
        .toString(16)
        .padStart(2, '0')
    })
    .join('')}`

const luminance = (hex: string): number => {
  const [r, g, b] = linear(hex)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
/** WCAG 2.2's contrast ratio, 1 … 21. */
export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

/** Machado, Oliveira and Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.0; on linear RGB. */
export const VISION = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const satisfies Readonly<Record<string, readonly Triple[]>>

const TO_XYZ: readonly Triple[] = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
]
/** D65 */
const WHITE: Triple = [0.95047, 1, 1.08883]

/** CIELAB of a colour as such a reader sees it. */
export function lab(hex: string, vision: readonly Triple[] = VISION.normal): Triple {
  const seen = times(vision, linear(hex)).map((v) => Math.min(1, Math.max(0, v))) as unknown as Triple
  const [x, y, z] = times(TO_XYZ, seen).map((v, i) => {
    const t = v / WHITE[i]!
    return t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116
  }) as unknown as Triple
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

/** Sharma, Wu and Dalal 2005, "The CIEDE2000 color-difference formula", eqs. 2–22. */
export function deltaE(first: Triple, second: Triple): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const [l1, a1, b1] = first
  const [l2, a2, b2] = second
  const seventh = (c: number): number => Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7))
  const g = 0.5 * (1 - seventh((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2))
  const polar = (a: number, b: number): readonly [number, number] => {
    const stretched = (1 + g) * a
    const hue = (Math.atan2(b, stretched) * 180) / Math.PI
    return [Math.hypot(stretched, b), b === 0 && stretched === 0 ? 0 : (hue + 360) % 360]
  }
  const [c1, h1] = polar(a1, b1)
  const [c2, h2] = polar(a2, b2)
  const grey = c1 * c2 === 0
  const apart = h2 - h1
  const dh = grey ? 0 : apart > 180 ? apart - 360 : apart < -180 ? apart + 360 : apart
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin(radians(dh) / 2)
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2]
  const sum = h1 + h2
  const h = grey ? sum : Math.abs(apart) <= 180 ? sum / 2 : sum < 360 ? (sum + 360) / 2 : (sum - 360) / 2
  const t =
    1 -
    0.17 * Math.cos(radians(h - 30)) +
    0.24 * Math.cos(radians(2 * h)) +
    0.32 * Math.cos(radians(3 * h + 6)) -
    0.2 * Math.cos(radians(4 * h - 63))
  const sl = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2)
  const [sc, sh] = [1 + 0.045 * c, 1 + 0.015 * c * t]
  const rt = -Math.sin(radians(60 * Math.exp(-(((h - 275) / 25) ** 2)))) * 2 * seventh(c)
  const [dl, dc, dhue] = [(l2 - l1) / sl, (c2 - c1) / sc, dH / sh]
  return Math.sqrt(dl ** 2 + dc ** 2 + dhue ** 2 + rt * dc * dhue)
}
