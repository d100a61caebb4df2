declare const keysymdef: { lookup(codepoint: number): number };
export default keysymdef;
