/** The build minifies the style sheet and includes it as text. */
declare module '*.css' {
  const text: string;
  export default text;
}
