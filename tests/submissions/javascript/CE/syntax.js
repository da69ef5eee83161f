// Not JavaScript.
const x = ;
