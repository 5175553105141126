/** The version in package.json, written here by `npm run generate` so that the bundle needs no file beside it. */
export const version = '0.1.0'
