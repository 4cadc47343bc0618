// Tables and plots that are wider than the page scroll in a frame of their own: who uses keys must be able to get into it.

/** Frames that scroll take part in the order of the Tab key, under the name of what they hold; others do not. */
function nameScrollers() {
  for (const frame of document.querySelectorAll('.scroll, .plot-frame')) {
    if (frame.scrollWidth > frame.clientWidth) {
      const named = frame.querySelector('caption, [aria-label]')
      const label = named?.tagName === 'CAPTION' ? named.textContent : named?.getAttribute('aria-label')
      frame.setAttribute('tabindex', '0')
      frame.setAttribute('role', 'group')
      frame.setAttribute('aria-label', `Scrolls sideways: ${(label ?? 'data of the figure').slice(0, 80)}`)
    } else for (const name of ['tabindex', 'role', 'aria-label']) frame.removeAttribute(name)
  }
}
addEventListener('resize', nameScrollers)
document.addEventListener('toggle', nameScrollers, true) // a <details> opened
nameScrollers()
