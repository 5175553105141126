/// <reference lib="dom" />
// Runs in the reader's browser: the page has these functions as text, so they use nothing from outside but what they are given.

/** Light, dark, or as the system has it. */
export function themeSwitch(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>('[data-theme-choice]')
  for (const button of buttons)
    button.addEventListener('click', () => {
      const choice = button.dataset.themeChoice ?? 'auto'
      if (choice === 'auto') delete document.documentElement.dataset.theme
      else document.documentElement.dataset.theme = choice
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button))
    })
}

/** Buttons that copy a command. Where the clipboard is out of reach, the command is selected instead. */
export function copyButtons(): void {
  document.addEventListener('click', async (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>('.copy')
    if (!button) return
    try {
      await navigator.clipboard.writeText(button.dataset.copy ?? '')
      button.textContent = 'Copied'
    } catch {
      const code = button.parentElement?.querySelector('code')
      if (code) getSelection()?.selectAllChildren(code)
      button.textContent = 'Selected'
    }
    await button.animate([], { duration: 2000 }).finished
    button.textContent = 'Copy'
  })
}

/** What is folded is printed as well. */
export function printAll(): void {
  let opened: HTMLDetailsElement[] = []
  addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details')].filter((one) => !one.open)
    for (const one of opened) one.open = true
  })
  addEventListener('afterprint', () => {
    for (const one of opened) one.open = false
  })
}
