/** `4:12`, or `1:04:12` from an hour on. */
export function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** `about 6 min`, for what is only guessed. */
export function roughly(ms: number): string {
  if (ms < 55_000) return 'less than a minute'
  const minutes = Math.round(ms / 60_000)
  if (minutes < 90) return `about ${minutes} min`
  return `about ${Math.round(ms / 360_000) / 10} h`
}

/** `12 s`, `15 min`: how long something has been so. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
