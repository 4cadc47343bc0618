/** RDKit's standard atomic weights by atomic number (PeriodicTable of 2026.09.1; 0 is the dummy). */
const WEIGHTS = (
  '0.0 1.008 4.003 6.941 9.012 10.812 12.011 14.007 15.999 18.998 20.18 22.99 24.305 26.982 28.086 30.974 32.067 ' +
  '35.453 39.948 39.098 40.078 44.956 47.867 50.944 51.996 54.938 55.845 58.933 58.693 63.546 65.39 69.723 72.61 ' +
  '74.922 78.96 79.904 83.8 85.468 87.62 88.906 91.224 92.906 95.94 98.0 101.07 102.906 106.42 107.868 112.412 ' +
  '114.818 118.711 121.76 127.6 126.904 131.29 132.905 137.328 138.906 140.116 140.908 144.24 145.0 150.36 ' +
  '151.964 157.25 158.925 162.5 164.93 167.26 168.934 173.04 174.967 178.49 180.948 183.84 186.207 190.23 192.217 ' +
  '195.078 196.967 200.59 204.383 207.2 208.98 209.0 210.0 222.0 223.0 226.0 227.0 232.038 231.036 238.029 237.0 ' +
  '244.0 243.0 247.0 247.0 251.0 252.0 257.0 258.0 259.0 262.0 267.0 268.0 269.0 270.0 269.0 278.0 281.0 281.0 ' +
  '285.0 284.0 289.0 288.0 293.0 292.0 294.0'
)
  .split(' ')
  .map(Number)

/**
 * Isotopes for which cutting (exact mass − standard weight) to an integer gives another number than cutting (mass number − weight):
 * `Z±A,A-A`, where ± is what to add. All 3,111 isotopes of RDKit's table were compared.
 */
const EXCEPTIONS =
  '1+2-7 2+3,5-10 4+5-7,10-16 6+8-11,16-22 7+10-12,17-25 11-25 13-28-29 15-32-35 21-46-51 24-44-51,53-67 27-61 ' +
  '33-77-79 34-66-78,80-93 42-85-95,97-112 43-99-118 45-105 61-146-163 63-130-151,153-167 65-147-157 67-155-163 ' +
  '69-161-167 71-152-174,176-184 73-169-180 79-185-196 83-197-208 84-210-215 85-211-215 86+195-197,216-221 ' +
  '87+199-204,215-222 88+202-211,213-225 89+206-226 90+233-238 91+232-240 92+225-237,239-242 93+225-236 ' +
  '94+228-243 95+231-242 96+233-246 97+235-246 98+237-250 99+240-251 100+242-256 101+245-257 102+248-258 ' +
  '103+251-261 104+253-266 110+267-280 111+272-280 112+276-284 113+278-283 114+285-288 115+287 116+289-292 ' +
  '117+291 118+293'

const corrections = new Map<number, number>()
for (const entry of EXCEPTIONS.split(' ')) {
  const [, z = '', sign = '', ranges = ''] = /^(\d+)([+-])(.+)$/.exec(entry)!
  for (const range of ranges.split(',')) {
    const [first = 0, last = first] = range.split('-').map(Number)
    for (let a = first; a <= last; a++) corrections.set(Number(z) * 1000 + a, sign === '+' ? 1 : -1)
  }
}

/** The mass difference that RDKit's Morgan invariant sees: exact isotope mass − standard weight, cut to an integer; 0 without isotope. */
export function deltaMass(z: number, isotope: number): number {
  if (isotope === 0 || z === 0) return 0
  return Math.trunc(isotope - (WEIGHTS[z] ?? 0)) + (corrections.get(z * 1000 + isotope) ?? 0)
}
