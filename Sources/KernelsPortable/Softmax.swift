// Softmax of rows, sixteen at a time. What has to be added or compared within a row is transposed, so that a vector holds one number of
// each row and no row waits for another; so are the rows' tails, the numbers behind the last sixteen. (Each part is a function of its
// own, because the compiler takes vectors apart lane by lane in a large one.)

/// `output[i] = e^(source[i] - m) / sum of these` of every row, m the largest of its numbers, NaN left out; `output` may be `source`.
/// A weight's relative error is below 1e-6 + 1e-7 (m - source[i]), of rows of up to some thousands.
///
/// A row's sum has sixteen partial sums, number i in number i % 16, which are added in their order, on every instruction set and in
/// whatever company.
///
/// - Parameter scratch: memory of its own for `VectorKernels.softmaxScratchCount` numbers.
@inline(never)
public func softmaxRows(
  rows: Int, count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
  scratch: UnsafeMutablePointer<Float>
) {
  for place in 0..<816 { scratch[place] = 0 }
  var first = 0
  while first < rows {
    let group = rows &- first < 16 ? rows &- first : 16
    let (x, y) = (source + first &* count, output + first &* count)
    // Where no number is far below the largest, no weight is near the smallest numbers.
    if largest(group, count, x, scratch) <= 64 {
      nearExponentials(group, count, x, y, scratch)
      nearTails(count, scratch)
      addSums(count, scratch)
      nearWeights(group, count, y, scratch)
    } else {
      anyExponentials(group, count, x, y, scratch)
      anyTails(count, scratch)
      addSums(count, scratch)
      anyWeights(group, count, y, scratch)
    }
    first &+= group
  }
}

// The places of the scratch memory: sixteen numbers of each row, these transposed, the rows' tails transposed, and a number of each row.
private let transposedPlace = 256
private let tailPlace = 512
private let largestPlace = 768
private let totalPlace = 784
private let inversePlace = 800

/// The largest of each row, NaN left out: it makes the row NaN as it is.
/// - Returns: how far the largest of all is above the smallest.
@inline(never)
private func largest(
  _ rows: Int, _ count: Int, _ source: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) -> Float {
  var low = repeated(.infinity)
  for row in 0..<rows {
    let line = source + row &* count
    var high = repeated(-.infinity)
    if count >= width {
      var index = 0
      while index &+ width <= count {
        let x = load(line + index)
        low = low.replacing(with: x, where: x .< low)
        high = high.replacing(with: x, where: x .> high)
        index &+= width
      }
      // The last ones are the end of a vector with those before them.
      let x = load(line + (count &- width))
      low = low.replacing(with: x, where: x .< low)
      high = high.replacing(with: x, where: x .> high)
      store(high, scratch + row &* 16)
    } else {
      store(high, scratch + row &* 16)
      for lane in 0..<count where line[lane] == line[lane] { scratch[row &* 16 &+ lane] = line[lane] }
      for lane in 0..<count where line[lane] < low[0] { low[0] = line[lane] }
    }
  }
  transpose(
    rows: 16, columns: width, source: scratch, sourceStride: 16, output: scratch + transposedPlace, outputStride: 16)
  var largest = -Float.infinity
  var place = 0
  while place < 16 {
    var high = repeated(-.infinity)
    for lane in 0..<width {
      let x = load(scratch + (transposedPlace &+ 16 &* lane &+ place))
      high = high.replacing(with: x, where: x .> high)
    }
    store(high, scratch + (largestPlace &+ place))
    place &+= width
  }
  for row in 0..<rows where scratch[largestPlace &+ row] > largest { largest = scratch[largestPlace &+ row] }
  var smallest = Float.infinity
  for lane in 0..<width where low[lane] < smallest { smallest = low[lane] }
  return largest - smallest
}

// MARK: Exponentials

@inline(never)
private func nearExponentials(
  _ rows: Int, _ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  for row in 0..<rows { exponentials(row, count, source, output, scratch, isNear: true) }
}

@inline(never)
private func anyExponentials(
  _ rows: Int, _ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  for row in 0..<rows { exponentials(row, count, source, output, scratch, isNear: false) }
}

/// e to the differences from the largest, and their partial sums, without the tail's; the tail's differences.
@inline(__always)
private func exponentials(
  _ row: Int, _ count: Int, _ source: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>, isNear: Bool
) {
  let (line, weights) = (source + row &* count, output + row &* count)
  let largest = scratch[largestPlace &+ row]
  let shift = repeated(largest)
  let sums = scratch + 16 &* row
  let whole = count / 16 &* 16
  // As many vectors as hold 16 numbers.
  var part = 0
  while part < 16 {
    var sum = Vector.zero
    var index = part
    while index < whole {
      let p = load(line + index) - shift
      let e = isNear ? exponentialNear0(p) : exponentialBelow0(p)
      store(e, weights + index)
      sum += e
      index &+= 16
    }
    store(sum, sums + part)
    part &+= width
  }
  for lane in 0..<count &- whole {
    scratch[tailPlace &+ 16 &* lane &+ row] = line[whole &+ lane] - largest
  }
}

@inline(never)
private func nearTails(_ count: Int, _ scratch: UnsafeMutablePointer<Float>) {
  var place = 0
  while place < 16 &* (count % 16) {
    let p = load(scratch + (tailPlace &+ place))
    store(exponentialNear0(p), scratch + (tailPlace &+ place))
    place &+= width
  }
}

@inline(never)
private func anyTails(_ count: Int, _ scratch: UnsafeMutablePointer<Float>) {
  var place = 0
  while place < 16 &* (count % 16) {
    let p = load(scratch + (tailPlace &+ place))
    store(exponentialBelow0(p), scratch + (tailPlace &+ place))
    place &+= width
  }
}

/// e to the p for p up to 0, down to 0 where that is too small; NaN gives NaN.
@inline(__always)
private func exponentialBelow0(_ p: Vector) -> Vector {
  // Far below 0, e^(p + 64) e^-64: the second product is rounded to a subnormal number, or 0.
  let isSmall = p .< repeated(-64)
  let near = p.replacing(with: p + repeated(64), where: isSmall)
  let bounded = near.replacing(with: repeated(-64), where: near .< repeated(-64))
  let factor = repeated(1).replacing(with: repeated(1.6038109e-28), where: isSmall)
  return exponential(bounded).value * factor
}

// MARK: Sums and quotients

/// The sums of the rows, and their inverses.
@inline(never)
private func addSums(_ count: Int, _ scratch: UnsafeMutablePointer<Float>) {
  transpose(
    rows: 16, columns: 16, source: scratch, sourceStride: 16, output: scratch + transposedPlace, outputStride: 16)
  let rest = count % 16
  var place = 0
  while place < 16 {
    let (sums, tails) = (scratch + (transposedPlace &+ place), scratch + (tailPlace &+ place))
    var total = Vector.zero
    for lane in 0..<rest { total += load(sums + 16 &* lane) + load(tails + 16 &* lane) }
    for lane in rest..<16 { total += load(sums + 16 &* lane) }
    store(total, scratch + (totalPlace &+ place))
    store(repeated(1) / total, scratch + (inversePlace &+ place))
    place &+= width
  }
}

@inline(never)
private func nearWeights(
  _ rows: Int, _ count: Int, _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  let rest = count % 16
  var place = 0
  while place < 16 {
    let total = load(scratch + (totalPlace &+ place))
    let divisor: Divisor = (total, Vector.zero - total, load(scratch + (inversePlace &+ place)))
    for lane in 0..<rest {
      let tail = scratch + (tailPlace &+ 16 &* lane &+ place)
      store(quotient(load(tail), divisor), tail)
    }
    place &+= width
  }
  for row in 0..<rows {
    let weights = output + row &* count
    let total = scratch[totalPlace &+ row]
    let divisor: Divisor = (repeated(total), repeated(-total), repeated(scratch[inversePlace &+ row]))
    var index = 0
    while index < count &- rest {
      store(quotient(load(weights + index), divisor), weights + index)
      index &+= width
    }
    for lane in 0..<rest { weights[index &+ lane] = scratch[tailPlace &+ 16 &* lane &+ row] }
  }
}

@inline(never)
private func anyWeights(
  _ rows: Int, _ count: Int, _ output: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  let rest = count % 16
  for row in 0..<rows {
    let weights = output + row &* count
    let total = scratch[totalPlace &+ row]
    let divisor = repeated(total)
    var index = 0
    while index < count &- rest {
      store(load(weights + index) / divisor, weights + index)
      index &+= width
    }
    for lane in 0..<rest { weights[index &+ lane] = scratch[tailPlace &+ 16 &* lane &+ row] / total }
  }
}
