import Foundation

/// How one axis is sampled. Positions are pixel centres at whole numbers, as in ONNX's specification of Resize.
struct ResizeAxis {
  enum Interpolation {
    case nearest(rounding: String)
    case linear
    /// Keys's kernel with the coefficient a (-0.75 in PyTorch).
    case cubic(a: Double)
  }

  struct Sample {
    let index: Int
    let weight: Double
  }

  let axis: Int
  let input: Int
  let output: Int
  /// Output pixels per input pixel.
  let scale: Double
  let transformation: String
  let interpolation: Interpolation
  var excludesOutside = false
  /// Widens the kernel where the image shrinks.
  var antialias = false
  /// The region of `tf_crop_and_resize`, in parts of the image.
  var region: (start: Double, end: Double) = (0, 1)

  /// The place in the input that an output pixel shows, not far outside of it.
  func position(_ x: Int) -> Double {
    let place = unlimitedPosition(x)
    return place.isNaN ? 0 : min(max(place, -0x1p30), 0x1p30)
  }

  private func unlimitedPosition(_ x: Int) -> Double {
    let (place, length) = (Double(x), scale * Double(input))
    switch transformation {
    case "asymmetric": return place / scale
    case "align_corners": return output == 1 ? 0 : place * Double(input - 1) / (length - 1)
    case "pytorch_half_pixel": return output > 1 ? (place + 0.5) / scale - 0.5 : 0
    case "tf_half_pixel_for_nn": return (place + 0.5) / scale
    case "half_pixel_symmetric":
      let adjustment = Double(output) / length
      return Double(input) / 2 * (1 - adjustment) + (place + 0.5) / scale - 0.5
    case "tf_crop_and_resize":
      let last = Double(input - 1)
      return output > 1
        ? region.start * last + place * (region.end - region.start) * last / Double(output - 1)
        : 0.5 * (region.start + region.end) * last
    default: return (place + 0.5) / scale - 0.5
    }
  }

  /// Whether an output pixel shows what is outside of the image and is to be extrapolated.
  func isOutside(_ x: Int) -> Bool {
    let place = position(x)
    return transformation == "tf_crop_and_resize" && (place < 0 || place > Double(input - 1))
  }

  /// For each output pixel the input pixels it is made of; places outside repeat the border.
  func samples() -> [[Sample]] {
    guard input > 0 else { return [] }
    return (0..<output).map { sample(position($0)) }
  }

  private func sample(_ place: Double) -> [Sample] {
    func inside(_ index: Int) -> Int { min(max(index, 0), input - 1) }
    if case .nearest(let rounding) = interpolation {
      let nearest =
        switch rounding {
        case "round_prefer_ceil": (place + 0.5).rounded(.down)
        case "floor": place.rounded(.down)
        case "ceil": place.rounded(.up)
        default: (place - 0.5).rounded(.up)
        }
      return [Sample(index: inside(Int(nearest)), weight: 1)]
    }
    let base = place.rounded(.down)
    // A narrower kernel than the pixels' distance would lose detail; `antialias` scales it instead.
    let width = antialias ? min(scale, 1) : 1
    // Wider than any axis it makes no difference.
    let radius = Int(min((kernelRadius / width).rounded(.up), 0x1p31))
    var samples: [Sample] = []
    for offset in (1 - radius)...radius {
      let weight = kernel((Double(offset) - (place - base)) * width)
      let index = Int(base) + offset
      if excludesOutside, index < 0 || index >= input { continue }
      if weight != 0 { samples.append(Sample(index: inside(index), weight: weight)) }
    }
    let total = samples.reduce(0) { $0 + $1.weight }
    guard total != 0, antialias || excludesOutside else { return samples }
    return samples.map { Sample(index: $0.index, weight: $0.weight / total) }
  }

  private var kernelRadius: Double {
    if case .cubic = interpolation { 2 } else { 1 }
  }

  private func kernel(_ distance: Double) -> Double {
    let x = abs(distance)
    guard case .cubic(let a) = interpolation else { return max(0, 1 - x) }
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }
}
