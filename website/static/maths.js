// Sphinx leaves formulas as \(...\) and \[...\] in elements of class "math"; draw them with KaTeX.
for (const el of document.querySelectorAll('.math')) renderMathInElement(el, {
  throwOnError: false,
  delimiters: [{left: '\\(', right: '\\)'}, {left: '\\[', right: '\\]', display: true}],
});
