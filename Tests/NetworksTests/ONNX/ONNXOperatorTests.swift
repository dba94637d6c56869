import Foundation
import ONNXSchema
import Testing
import _Fixtures

@testable import Networks

/// Operators that few classifiers need, against their formulas in double precision, with the derivatives.
@Suite struct ONNXOperatorTests {
  private static func model(
    _ nodes: [ProtoNode], _ constants: [ProtoTensor] = [], image: [Int64], opset: Int64 = 18
  ) -> ProtoModel {
    ONNXGraphs.model(nodes + [ONNXGraphs.node("Flatten", ["z"], ["y"])], constants, image: image, opset: opset)
  }

  static let functions: [(name: String, function: @Sendable (Double) -> Double, numbers: [Float])] = [
    ("Asin", { asin($0) }, [-0.9, -0.2, 0, 0.7]), ("Acos", { acos($0) }, [-0.9, -0.2, 0, 0.7]),
    ("Atan", { atan($0) }, [-9, -0.2, 0, 3]), ("Sinh", { sinh($0) }, [-3, -1e-3, 0, 2]),
    ("Cosh", { cosh($0) }, [-3, -0.1, 0, 2]), ("Asinh", { asinh($0) }, [-9, -1e-3, 0, 3]),
    ("Acosh", { acosh($0) }, [1.1, 2, 5, 30]), ("Atanh", { atanh($0) }, [-0.9, -0.2, 0, 0.7]),
  ]

  @Test(arguments: functions.indices) func elementaryFunctions(_ index: Int) throws {
    let (name, function, numbers) = Self.functions[index]
    try ONNXGraphs.expectFormula(
      Self.model([ONNXGraphs.node(name, ["x"], ["z"])], image: [1, 2, 2]), numbers
    ) { $0.map(function) }
  }

  @Test(arguments: [false, true], [false, true]) func runningSums(_ isExclusive: Bool, _ isReverse: Bool) throws {
    let node = ONNXGraphs.node(
      "CumSum", ["x", "axis"], ["z"], ["exclusive": .int(isExclusive ? 1 : 0), "reverse": .int(isReverse ? 1 : 0)])
    try ONNXGraphs.expectFormula(
      Self.model([node], [ONNXGraphs.integers("axis", [-2], [])], image: [2, 3, 2]), ONNXGraphs.pixels(12)
    ) { x in
      x.indices.map { index in
        (0..<3).reduce(0) { sum, row in
          let own = index / 2 % 3
          let distance = isReverse ? row - own : own - row
          return distance > 0 || (distance == 0 && !isExclusive) ? sum + x[index + 2 * (row - own)] : sum
        }
      }
    }
  }

  /// Sizes that are sums of known integers stay exact.
  @Test func runningSumsOfShapes() throws {
    let nodes = [
      ONNXGraphs.node("CumSum", ["parts", "axis"], ["sums"]), ONNXGraphs.node("Gather", ["sums", "last"], ["size"]),
      ONNXGraphs.node("Concat", ["free", "size"], ["shape"], ["axis": .int(0)]),
      ONNXGraphs.node("Reshape", ["x", "shape"], ["y"]),
    ]
    let constants = [
      ONNXGraphs.integers("parts", [4, 8]), ONNXGraphs.integers("axis", [0], []), ONNXGraphs.integers("last", [1]),
      ONNXGraphs.integers("free", [-1]),
    ]
    #expect(try ONNXGraphs.load(ONNXGraphs.model(nodes, constants, image: [2, 3, 2])).classifier.classCount == 12)
  }

  @Test func largestElements() throws {
    let constants = [ONNXGraphs.integers("k", [2]), ONNXGraphs.integers("8", [8])]
    let pixels: [Float] = [0.3, 0.9, 0.1, 0.5, 0.7, 0.2, 0.8, 0.6]
    for smallest in [false, true] {
      let node = ONNXGraphs.node(
        "TopK", ["x", "k"], ["z", "places"], ["largest": .int(smallest ? 0 : 1), "axis": .int(-1)])
      try ONNXGraphs.expectFormula(Self.model([node], constants, image: [1, 2, 4]), pixels) { x in
        [Array(x[..<4]), Array(x[4...])].flatMap { Array($0.sorted { smallest ? $0 < $1 : $0 > $1 }[..<2]) }
      }
    }
    // Of equal ones the first, also by its place; the derivative goes there.
    let equal: [Float] = [1, 3, 3, 0, -.infinity, 2, 2, 2]
    let places = Self.model(
      [
        ONNXGraphs.node("TopK", ["x", "k"], ["values", "p"]), ONNXGraphs.node("Cast", ["p"], ["r"], ["to": .int(1)]),
        ONNXGraphs.node("Concat", ["values", "r"], ["z"], ["axis": .int(-1)]),
      ], constants, image: [1, 2, 4])
    let (values, gradient) = try ONNXGraphs.results(places, equal)
    #expect(values == [3, 3, 1, 2, 2, 2, 1, 2])
    #expect(gradient == [0, 1, 1, 0, 0, 1, 1, 0])
    #expect(
      ONNXGraphs.message(
        Self.model([ONNXGraphs.node("TopK", ["x", "8"], ["z", "p"])], constants, image: [1, 2, 4])
      ).contains("asks for [8] of axis 3"))
  }

  /// Bilinear weights of one place, in PyTorch's convention.
  private static func sample(
    _ image: [[Double]], _ gx: Double, _ gy: Double, padding: String, aligned: Bool
  ) -> Double {
    func position(_ g: Double, _ count: Int) -> Double {
      let size = Double(count)
      var p = aligned ? (g + 1) / 2 * (size - 1) : ((g + 1) * size - 1) / 2
      if padding == "reflection" {
        let (low, high) = aligned ? (0, size - 1) : (-0.5, size - 0.5)
        while p < low || p > high { p = p < low ? 2 * low - p : 2 * high - p }
      }
      return padding == "zeros" ? p : min(max(p, 0), size - 1)
    }
    let (px, py) = (position(gx, image[0].count), position(gy, image.count))
    var total = 0.0
    for (y, row) in image.enumerated() {
      for (x, pixel) in row.enumerated() {
        total += max(0, 1 - abs(px - Double(x))) * max(0, 1 - abs(py - Double(y))) * pixel
      }
    }
    return total
  }

  @Test(arguments: ["zeros", "border", "reflection"], [false, true])
  func samplingAtKnownPlaces(_ padding: String, _ aligned: Bool) throws {
    let grid: [Float] = [-0.7, 0.2, 0.45, -0.3, 1.35, 0.85, -1.6, -1.2, 0.1, 2.9, 0.33, 0.66]
    let node = ONNXGraphs.node(
      "GridSample", ["x", "grid"], ["z"],
      ["padding_mode": .string(padding), "align_corners": .int(aligned ? 1 : 0), "mode": .string("linear")])
    try ONNXGraphs.expectFormula(
      Self.model([node], [ONNXGraphs.floats("grid", grid, [1, 2, 3, 2])], image: [2, 3, 4], opset: 20),
      ONNXGraphs.pixels(24)
    ) { x in
      (0..<2).flatMap { channel -> [Double] in
        let image = (0..<3).map { row in (0..<4).map { x[12 * channel + 4 * row + $0] } }
        return (0..<6).map {
          Self.sample(image, Double(grid[2 * $0]), Double(grid[2 * $0 + 1]), padding: padding, aligned: aligned)
        }
      }
    }
  }

  /// A spatial transformer: the places are made of the image, so its derivative has two parts.
  @Test func samplingAtPlacesOfTheImage() throws {
    let nodes = [
      ONNXGraphs.node("Reshape", ["x", "shape"], ["grid"]),
      ONNXGraphs.node("GridSample", ["x", "grid"], ["z"], ["align_corners": .int(1), "mode": .string("bilinear")]),
    ]
    try ONNXGraphs.expectFormula(
      Self.model(nodes, [ONNXGraphs.integers("shape", [-1, 2, 3, 2])], image: [1, 3, 4]), ONNXGraphs.pixels(12, seed: 3)
    ) { x in
      let image = (0..<3).map { row in (0..<4).map { x[4 * row + $0] } }
      return (0..<6).map { Self.sample(image, x[2 * $0], x[2 * $0 + 1], padding: "zeros", aligned: true) }
    }
  }

  @Test func samplingTheNearestPixel() throws {
    let grid: [Float] = [-0.9, -0.9, 0.3, 0.9, 3, 0]
    let node = ONNXGraphs.node("GridSample", ["x", "grid"], ["z"], ["mode": .string("nearest")])
    let (values, gradient) = try ONNXGraphs.results(
      Self.model([node], [ONNXGraphs.floats("grid", grid, [1, 1, 3, 2])], image: [1, 2, 3]), [1, 2, 3, 4, 5, 6])
    #expect(values == [1, 5, 0] && gradient == [1, 0, 0, 0, 1, 0])
    func message(_ attributes: [String: ONNXGraphs.Attribute]) -> String {
      let node = ONNXGraphs.node("GridSample", ["x", "grid"], ["z"], attributes)
      return ONNXGraphs.message(Self.model([node], [ONNXGraphs.floats("grid", grid, [1, 1, 3, 2])], image: [1, 2, 3]))
    }
    #expect(
      message(["mode": .string("area")]).contains("the mode `area` is unknown, expected linear, cubic or nearest"))
    #expect(
      message(["mode": .string("bicubic"), "padding_mode": .string("border")])
        .contains("cubic interpolation with the padding_mode `border` is not supported"))
  }

  /// PyTorch's bicubic, pixel by pixel: the four around a place on each axis, each brought into the image by itself.
  private static func cubicSample(
    _ image: [[Double]], _ gx: Double, _ gy: Double, reflects: Bool, aligned: Bool
  ) -> Double {
    func taps(_ g: Double, _ count: Int) -> [(index: Int, weight: Double)] {
      let size = Double(count)
      let place = aligned ? (g + 1) / 2 * (size - 1) : ((g + 1) * size - 1) / 2
      return (-1...2).compactMap { tap in
        var index = Int(place.rounded(.down)) + tap
        let d = abs(place - Double(index))
        let weight = d <= 1 ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3
        while reflects, !(0..<count).contains(index) {
          index = index < 0 ? -index - (aligned ? 0 : 1) : 2 * count - index - (aligned ? 2 : 1)
        }
        return (0..<count).contains(index) ? (index, weight) : nil
      }
    }
    return taps(gy, image.count).reduce(0) { sum, row in
      taps(gx, image[0].count).reduce(sum) { $0 + row.weight * $1.weight * image[row.index][$1.index] }
    }
  }

  @Test(arguments: [false, true], [false, true])
  func samplingByCubics(_ reflects: Bool, _ aligned: Bool) throws {
    // Places that are the image's own, also outside of it, and far outside.
    let nodes = [
      ONNXGraphs.node("Mul", ["x", "3.7"], ["wide"]), ONNXGraphs.node("Sub", ["wide", "1.9"], ["moved"]),
      ONNXGraphs.node("Reshape", ["moved", "shape"], ["grid"]),
      ONNXGraphs.node(
        "GridSample", ["x", "grid"], ["z"],
        [
          "align_corners": .int(aligned ? 1 : 0), "mode": .string(aligned ? "cubic" : "bicubic"),
          "padding_mode": .string(reflects ? "reflection" : "zeros"),
        ]),
    ]
    let constants = [
      ONNXGraphs.integers("shape", [-1, 2, 3, 2]), ONNXGraphs.floats("3.7", [3.7]), ONNXGraphs.floats("1.9", [1.9]),
    ]
    try ONNXGraphs.expectFormula(
      Self.model(nodes, constants, image: [1, 3, 4], opset: 20), ONNXGraphs.pixels(12, seed: 7), gradientTolerance: 1e-3
    ) { x in
      let image = (0..<3).map { row in (0..<4).map { x[4 * row + $0] } }
      return (0..<6).map {
        Self.cubicSample(
          image, 3.7 * x[2 * $0] - 1.9, 3.7 * x[2 * $0 + 1] - 1.9, reflects: reflects, aligned: aligned)
      }
    }
  }

  @Test func samplingOfVolumes() throws {
    // x, y, z of three places; the last lies between all eight voxels.
    let grid: [Float] = [-1, -1, -1, 1, -1, 1, 0, 0.5, -0.5]
    let nodes = [
      ONNXGraphs.node("Reshape", ["x", "volume"], ["v"]),
      ONNXGraphs.node("GridSample", ["v", "grid"], ["z"], ["align_corners": .int(1)]),
    ]
    let constants = [
      ONNXGraphs.integers("volume", [-1, 1, 2, 2, 2]), ONNXGraphs.floats("grid", grid, [1, 1, 1, 3, 3]),
    ]
    try ONNXGraphs.expectFormula(
      Self.model(nodes, constants, image: [2, 2, 2], opset: 20), ONNXGraphs.pixels(8)
    ) { x in
      let weights = (0..<8).map { 0.5 * ($0 & 2 == 0 ? 0.25 : 0.75) * ($0 & 4 == 0 ? 0.75 : 0.25) }
      return [x[0], x[5], zip(weights, x).reduce(0) { $0 + $1.0 * $1.1 }]
    }
  }

  /// A row of masked attention without any key is NaN, which exporters replace.
  @Test func whatIsNoNumberIsTold() throws {
    let nodes = [
      ONNXGraphs.node("Relu", ["x"], ["r"]), ONNXGraphs.node("Div", ["r", "by"], ["d"]),
      ONNXGraphs.node("IsNaN", ["d"], ["n"]),
      ONNXGraphs.node("IsInf", ["d"], ["i"], ["detect_negative": .int(0)]),
      ONNXGraphs.node("IsInf", ["d"], ["both"]), ONNXGraphs.node("Or", ["n", "i"], ["bad"]),
      ONNXGraphs.node("Where", ["bad", "7", "x"], ["f"]), ONNXGraphs.node("Where", ["both", "9", "f"], ["z"]),
    ]
    let constants = [
      ONNXGraphs.floats("by", [0, 0, 1, 1]), ONNXGraphs.floats("7", [7]), ONNXGraphs.floats("9", [9]),
    ]
    let (values, gradient) = try ONNXGraphs.results(
      Self.model(nodes, constants, image: [1, 1, 4]), [0, 0.5, 0.25, 1])
    #expect(values == [7, 9, 0.25, 1] && gradient == [0, 0, 1, 1])
  }

  @Test(arguments: [Float(1), 0.5]) func gatedSwish(_ alpha: Float) throws {
    let nodes = [
      ONNXGraphs.node("Split", ["x", "parts"], ["a", "b"], ["axis": .int(2)]),
      ONNXGraphs.node("SwiGLU", ["a", "b"], ["z"], ["alpha": .float(alpha)]),
    ]
    try ONNXGraphs.expectFormula(
      Self.model(nodes, [ONNXGraphs.integers("parts", [1, 1])], image: [1, 2, 3], opset: 28), ONNXGraphs.pixels(6)
    ) { x in
      (0..<3).map { x[$0] / (1 + exp(-Double(alpha) * x[$0])) * x[$0 + 3] }
    }
    let unequal = [
      ONNXGraphs.node("ReduceSum", ["x"], ["b"], [:]), ONNXGraphs.node("SwiGLU", ["x", "b"], ["z"], [:]),
    ]
    #expect(ONNXGraphs.message(Self.model(unequal, image: [1, 2, 3], opset: 28)).contains("the gate has shape"))
  }

  @Test func columnsIntoImages() throws {
    // Windows of 2 x 2 at steps of 1 x 2 with a border of 1 on the left: 2 x 2 of them in an image of 3 x 3.
    let nodes = [
      ONNXGraphs.node("Reshape", ["x", "columns"], ["c"]),
      ONNXGraphs.node(
        "Col2Im", ["c", "image", "block"], ["z"], ["strides": .ints([1, 2]), "pads": .ints([0, 1, 0, 0])]),
    ]
    let constants = [
      ONNXGraphs.integers("columns", [-1, 8, 4]), ONNXGraphs.integers("image", [3, 3]),
      ONNXGraphs.integers("block", [2, 2]),
    ]
    try ONNXGraphs.expectFormula(
      Self.model(nodes, constants, image: [2, 4, 4]), ONNXGraphs.pixels(32)
    ) { x in
      var image = [Double](repeating: 0, count: 18)
      for channel in 0..<2 {
        for (place, window) in [(0, 0), (0, 1), (1, 0), (1, 1)].enumerated() {
          for i in 0..<2 {
            for j in 0..<2 {
              let (row, column) = (window.0 + i, 2 * window.1 + j - 1)
              guard (0..<3).contains(column) else { continue }
              image[9 * channel + 3 * row + column] += x[(4 * channel + 2 * i + j) * 4 + place]
            }
          }
        }
      }
      return image
    }
    #expect(
      ONNXGraphs.message(
        Self.model(
          nodes, [constants[0], constants[2], ONNXGraphs.integers("image", [9, 9])], image: [2, 4, 4])
      ).contains("do not make an image of [9, 9]"))
  }
}
