// There are no types here, but tuples and numbers for cases: a type has functions that the linker shares between instruction sets
// (`scripts/check-kernels`). No closures either, and no choice within what is inlined many times: the compiler stops inlining where
// a function becomes too large, and then hands vectors over by memory.

/// The ways in which a layer ends: with nothing, which are limits that nothing reaches, too; with limits; with a slope below one;
/// with the gate that was open before; or with that and a slope.
let plainEnd = 0
let limitedEnd = 1
let slopedEnd = 2
let gatedEnd = 3
let slopedGateEnd = 4

/// The end of a fused layer, as `finish` describes it: `activation(sum + bias + residual)`. What is absent adds 0, or -0, which changes
/// nothing, and is no limit: a choice between vectors makes the compiler take them apart lane by lane.
///
/// - way: of those above.
/// - biases: one number per channel, or zeros.
/// - residuals: where the values are, or zeros.
/// - references: where the values are; read by the gated ways only.
typealias LayerEnd = (
  way: Int, biases: UnsafePointer<Float>, biasStep: Int, residuals: UnsafePointer<Float>, residualStep: Int,
  references: UnsafePointer<Float>, slope: Float, lower: Float, upper: Float
)

@inline(__always)
func layerEnd(
  bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?, rectifies: Bool,
  slope: Float, lower: Float, upper: Float
) -> LayerEnd {
  let isPlain = reference == nil && !rectifies
  let own = isPlain ? plainEnd : slope == 0 ? limitedEnd : slopedEnd
  let way = reference == nil ? own : slope == 0 ? gatedEnd : slopedGateEnd
  let zeros = UnsafePointer(absent)
  return (
    way, bias ?? zeros, bias == nil ? 0 : 1, residual ?? zeros + width, residual == nil ? 0 : 1, reference ?? zeros,
    slope, isPlain ? -.infinity : lower, isPlain ? .infinity : upper
  )
}

/// The biases of channels, in the first lanes.
@inline(__always)
func biases(_ layer: LayerEnd, _ channel: Int, _ lanes: Int) -> Vector {
  loadLanes(layer.biases + channel &* layer.biasStep, lanes)
}

/// Sums, biases and residuals.
@inline(__always)
func total(_ layer: LayerEnd, _ sums: Vector, _ bias: Vector, _ place: Int, _ lanes: Int) -> Vector {
  sums + bias + loadLanes(layer.residuals + place &* layer.residualStep, lanes)
}

/// The values of some channels of a pixel, of which the first is at `place` among all. NaN stays; what is compared with NaN is never
/// above it.
@inline(__always)
func limited(_ layer: LayerEnd, _ sums: Vector, _ bias: Vector, _ place: Int, _ lanes: Int) -> Vector {
  let total = total(layer, sums, bias, place, lanes)
  let raised = total.replacing(with: repeated(layer.lower), where: total .< repeated(layer.lower))
  return raised.replacing(with: repeated(layer.upper), where: raised .> repeated(layer.upper))
}

/// A closed gate gives 0 for an infinite signal too.
@inline(__always)
func gated(_ layer: LayerEnd, _ sums: Vector, _ bias: Vector, _ place: Int, _ lanes: Int) -> Vector {
  let gate = loadLanes(layer.references + place, lanes)
  let isOpen = (gate .> repeated(layer.lower)) .& .!(gate .>= repeated(layer.upper))
  return Vector.zero.replacing(with: total(layer, sums, bias, place, lanes), where: isOpen)
}

@inline(__always)
func sloped(_ layer: LayerEnd, _ sums: Vector, _ bias: Vector, _ place: Int, _ lanes: Int) -> Vector {
  let total = total(layer, sums, bias, place, lanes)
  return total.replacing(with: repeated(layer.slope) * total, where: total .< repeated(layer.lower))
}

@inline(__always)
func slopedGate(_ layer: LayerEnd, _ sums: Vector, _ bias: Vector, _ place: Int, _ lanes: Int) -> Vector {
  let total = total(layer, sums, bias, place, lanes)
  let isOpen = loadLanes(layer.references + place, lanes) .> repeated(layer.lower)
  return (repeated(layer.slope) * total).replacing(with: total, where: isOpen)
}

/// A vector of 0 and one of -0.
private nonisolated(unsafe) let absent: UnsafeMutablePointer<Float> = {
  let vectors = UnsafeMutablePointer<Float>.allocate(capacity: 2 &* width)
  vectors.initialize(repeating: 0, count: width)
  (vectors + width).initialize(repeating: -0.0, count: width)
  return vectors
}()

/// So many numbers in the first lanes: a whole vector, 8, 4 or fewer.
@inline(__always)
func loadLanes(_ source: UnsafePointer<Float>, _ lanes: Int) -> Vector {
  if lanes == width { return load(source) }
  if lanes == 8 { return loadLow8(source) }
  if lanes == 4 { return loadLow4(source) }
  var vector = Vector.zero
  vector[0] = source[0]
  if lanes > 1 { vector[1] = source[1] }
  if lanes > 2 { vector[2] = source[2] }
  return vector
}

@inline(__always)
func storeLanes(_ vector: Vector, _ target: UnsafeMutablePointer<Float>, _ lanes: Int) {
  if lanes == width {
    store(vector, target)
  } else if lanes == 8 {
    storeLow8(vector, target)
  } else if lanes == 4 {
    storeLow4(vector, target)
  } else {
    target[0] = vector[0]
    if lanes > 1 { target[1] = vector[1] }
    if lanes > 2 { target[2] = vector[2] }
  }
}
