// Pooling by rows of outputs: each tap of the window is a row of the source, whose numbers for neighbouring outputs are `step`
// apart. Nothing branches on the values: they are unpredictable.

/// `largest[i] = max(largest[i], source[i * step])`; NaN wins.
@inline(never)
public func raiseToLargest(
  count: Int, step: Int, source: UnsafePointer<Float>, largest: UnsafeMutablePointer<Float>
) {
  switch step {
  case 1: raise(count, 1, source, largest)
  case 2: raise(count, 2, source, largest)
  default: raise(count, step, source, largest)
  }
}

@inline(__always)
private func raise(
  _ count: Int, _ step: Int, _ source: UnsafePointer<Float>, _ largest: UnsafeMutablePointer<Float>
) {
  for index in 0..<count {
    let value = source[index &* step]
    largest[index] = value > largest[index] || value != value ? value : largest[index]
  }
}

/// As `raiseToLargest`, and keeps where the largest stands: the first of equals, the last NaN, as in PyTorch.
///
/// - Parameters:
///   - position: of the first number of the source.
///   - positionStep: from one number's position to the next one's; 0 for the channels of a pixel.
///   - selected: positions; below 0 where there is none yet.
@inline(never)
public func selectLargest(
  count: Int, step: Int, source: UnsafePointer<Float>, position: Int32, positionStep: Int32,
  largest: UnsafeMutablePointer<Float>, selected: UnsafeMutablePointer<Int32>
) {
  switch (step, positionStep) {
  case (1, 0): select(count, 1, source, position, 0, largest, selected)
  case (1, 1): select(count, 1, source, position, 1, largest, selected)
  case (2, 2): select(count, 2, source, position, 2, largest, selected)
  default: select(count, step, source, position, positionStep, largest, selected)
  }
}

@inline(__always)
private func select(
  _ count: Int, _ step: Int, _ source: UnsafePointer<Float>, _ position: Int32, _ positionStep: Int32,
  _ largest: UnsafeMutablePointer<Float>, _ selected: UnsafeMutablePointer<Int32>
) {
  for index in 0..<count {
    let value = source[index &* step]
    let place = position &+ Int32(truncatingIfNeeded: index) &* positionStep
    let (before, largestBefore) = (selected[index], largest[index])
    let takes = value > largestBefore || value != value || before < 0
    largest[index] = takes ? value : largestBefore
    selected[index] = takes ? place : before
  }
}

/// `sums[i] += source[i * step]`.
@inline(never)
public func addRow(count: Int, step: Int, source: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>) {
  switch step {
  case 1: for index in 0..<count { sums[index] += source[index] }
  case 2: for index in 0..<count { sums[index] += source[index &* 2] }
  default: for index in 0..<count { sums[index] += source[index &* step] }
  }
}

/// `target[i * step] += values[i]`, the transpose of `addRow`.
@inline(never)
public func spreadRow(count: Int, step: Int, values: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>) {
  switch step {
  case 1: for index in 0..<count { target[index] += values[index] }
  case 2: for index in 0..<count { target[index &* 2] += values[index] }
  default: for index in 0..<count { target[index &* step] += values[index] }
  }
}
