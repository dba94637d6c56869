import KernelsPortable

// In a file of its own, which sees the kernels of no other instruction set.

func makePortableKernels() -> KernelTable {
  KernelTable(
    shiftedProduct: shiftedProduct,
    depthwiseProduct: depthwiseProduct,
    shiftedDots: shiftedDots,
    finish: finish,
    finishPixels: finishPixels,
    rowsTimesPanels: rowsTimesPanels,
    transpose: transpose,
    winogradInput: winogradInput,
    winogradOutput: winogradOutput,
    winogradStridedInput: winogradStridedInput,
    winogradStridedOutput: winogradStridedOutput,
    winogradSpreadInput: winogradSpreadInput,
    winogradSpreadOutput: winogradSpreadOutput,
    pairPool: pairPool,
    raiseToLargest: raiseToLargest,
    selectLargest: selectLargest,
    addRow: addRow,
    spreadRow: spreadRow,
    sumPlane: sumPlane,
    squarePlane: squarePlane,
    normalisePlane: normalisePlane,
    sumPixels: sumPixels,
    squarePixels: squarePixels,
    normalisePixels: normalisePixels,
    softmaxRow: softmaxRow,
    multiplyAddPeak: multiplyAddPeak,
    peakLanes: 4,
    sigmoid: sigmoid,
    silu: silu,
    siluDerivative: siluDerivative,
    gelu: gelu,
    geluDerivative: geluDerivative,
    geluTanh: geluTanh,
    geluTanhDerivative: geluTanhDerivative,
    hyperbolicTangent: hyperbolicTangent,
    errorFunction: errorFunction)
}
