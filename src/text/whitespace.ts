/** White space of Unicode, as Rust's char::is_whitespace; JavaScript's \s takes U+FEFF besides and leaves U+0085. */
export const SPACES = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
/** \w of Rust's regex crate. */
export const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}'
