import Foundation
import ONNXSchema
import Testing
import _Fixtures

@testable import Networks

/// Attention of the newest opsets against its formula in double precision, with the derivative.
@Suite struct ONNXAttentionTests {
  typealias Heads = [[[Double]]]

  /// `[H, T, D]` of numbers in this order.
  private static func heads(_ x: [Double], _ h: Int, _ t: Int, _ d: Int) -> Heads {
    (0..<h).map { head in (0..<t).map { row in (0..<d).map { x[(head * t + row) * d + $0] } } }
  }

  /// softmax(cap tanh(scale q k / cap) + mask) v, 0 where the mask leaves no key; every key head serves the same number of query
  /// heads.
  private static func attention(
    _ q: Heads, _ k: Heads, _ v: Heads, scale: Double, cap: Double = 0, mask: (Int, Int) -> Double = { _, _ in 0 }
  ) -> Heads {
    q.indices.map { head in
      let shared = head / (q.count / k.count)
      return q[head].indices.map { row in
        let scores = k[shared].indices.map { column -> Double in
          let product = zip(q[head][row], k[shared][column]).reduce(0) { $0 + $1.0 * $1.1 } * scale
          return (cap > 0 ? cap * tanh(product / cap) : product) + mask(row, column)
        }
        let weights = scores.map { exp($0) }
        let total = weights.reduce(0, +)
        return v[shared][0].indices.map { d in
          total == 0 ? 0 : zip(weights, v[shared]).reduce(0) { $0 + $1.0 / total * $1.1[d] }
        }
      }
    }
  }

  private static func flat(_ x: Heads) -> [Double] { x.flatMap { $0.flatMap { $0 } } }

  /// Different weights on the results, so that no gradient cancels.
  private static let weights = ONNXGraphs.pixels(24, seed: 7)

  /// x [n, 2, 3, 4] by `nodes` to z, then times the weights.
  private static func model(
    _ nodes: [ProtoNode], _ constants: [ProtoTensor] = [], opset: Int64 = 23, count: Int = 24
  ) -> ProtoModel {
    ONNXGraphs.model(
      nodes + [ONNXGraphs.node("Flatten", ["z"], ["f"]), ONNXGraphs.node("Mul", ["f", "weights"], ["y"])],
      constants + [ONNXGraphs.floats("weights", Array(weights[..<count]))], image: [2, 3, 4], opset: opset)
  }

  private static func weighted(_ x: [Double]) -> [Double] { zip(x, weights).map { $0 * Double($1) } }

  private static let pixels = ONNXGraphs.pixels(24).map { 3 * $0 - 1 }

  @Test func ofHeads() throws {
    try ONNXGraphs.expectFormula(Self.model([ONNXGraphs.node("Attention", ["x", "x", "x"], ["z"])]), Self.pixels) {
      let x = Self.heads($0, 2, 3, 4)
      return Self.weighted(Self.flat(Self.attention(x, x, x, scale: 0.5)))
    }
  }

  @Test func withScaleCapAndMasks() throws {
    let numbers: [Float] = [0.5, -1, 0, 0, 0.25, 1, -0.5, 0, 2]
    let node = ONNXGraphs.node(
      "Attention", ["x", "x", "x", "mask"], ["z"],
      ["scale": .float(0.75), "softcap": .float(1.5), "is_causal": .int(1)])
    try ONNXGraphs.expectFormula(
      Self.model([node], [ONNXGraphs.floats("mask", numbers, [3, 3])], opset: 24), Self.pixels
    ) {
      let x = Self.heads($0, 2, 3, 4)
      let result = Self.attention(x, x, x, scale: 0.75, cap: 1.5) { row, column in
        column > row ? -.infinity : Double(numbers[3 * row + column])
      }
      return Self.weighted(Self.flat(result))
    }
  }

  @Test func withAMaskOfTruthValues() throws {
    let mask = ProtoTensor.with {
      ($0.name, $0.dataType, $0.dims, $0.int32Data) = ("mask", 9, [1, 1, 3, 2], [1, 0, 1, 1, 0, 1])
    }
    let allowed = [[true, false, false], [true, true, false], [false, true, false]]
    // It ends before the keys do: what is behind takes no part.
    try ONNXGraphs.expectFormula(
      Self.model([ONNXGraphs.node("Attention", ["x", "x", "x", "mask"], ["z"])], [mask]), Self.pixels
    ) {
      let x = Self.heads($0, 2, 3, 4)
      return Self.weighted(
        Self.flat(Self.attention(x, x, x, scale: 0.5) { allowed[$0][$1] ? 0 : -.infinity }))
    }
  }

  @Test("a query without a key gets zeros, and so does its derivative", arguments: [true, false])
  func withoutAKey(_ isTruth: Bool) throws {
    let allowed: [[Bool]] = [[true, false, true], [false, false, false], [false, true, true]]
    let flags = allowed.flatMap { $0 }
    let mask =
      isTruth
      ? ProtoTensor.with {
        ($0.name, $0.dataType, $0.dims, $0.int32Data) = ("mask", 9, [3, 3], flags.map { $0 ? 1 : 0 })
      } : ONNXGraphs.floats("mask", flags.map { $0 ? 0.5 : -.infinity }, [3, 3])
    try ONNXGraphs.expectFormula(
      Self.model([ONNXGraphs.node("Attention", ["x", "x", "x", "mask"], ["z"])], [mask]), Self.pixels
    ) {
      let x = Self.heads($0, 2, 3, 4)
      return Self.weighted(
        Self.flat(Self.attention(x, x, x, scale: 0.5) { allowed[$0][$1] ? (isTruth ? 0 : 0.5) : -.infinity }))
    }
  }

  @Test(
    "windows around a query's own place, also behind the keys of earlier calls",
    arguments: [(0, -1, false), (1, 0, false), (-1, 0, false), (0, 5, true), (1, 1, true), (Int.max, 0, false)])
  func windows(_ left: Int, _ right: Int, _ isCausal: Bool) throws {
    for past in [0, 2] {
      let earlier = ONNXGraphs.node("Slice", ["x", "0", "2", "2"], ["earlier"])
      let node = ONNXGraphs.node(
        "Attention", ["x", "x", "x"] + (past > 0 ? ["", "earlier", "earlier"] : []), ["z"],
        [
          "left_window_size": .int(Int64(left)), "right_window_size": .int(Int64(right)),
          "is_causal": .int(isCausal ? 1 : 0),
        ])
      let constants = [ONNXGraphs.integers("0", [0]), ONNXGraphs.integers("2", [2])]
      try ONNXGraphs.expectFormula(Self.model([earlier, node], constants, opset: 25), Self.pixels) {
        let x = Self.heads($0, 2, 3, 4)
        let keys = x.map { Array($0[..<past]) + $0 }
        let result = Self.attention(x, keys, keys, scale: 0.5) { row, column in
          let place = row + past
          let isSeen =
            (left < 0 || column >= place - min(left, 9)) && (right < 0 || column <= place + right)
            && (!isCausal || column <= place)
          return isSeen ? 0 : -.infinity
        }
        return Self.weighted(Self.flat(result))
      }
    }
  }

  @Test func ofSharedKeys() throws {
    let nodes = [
      ONNXGraphs.node("Slice", ["x", "0", "1", "1"], ["k"]), ONNXGraphs.node("Attention", ["x", "k", "k"], ["z"]),
    ]
    let constants = [ONNXGraphs.integers("0", [0]), ONNXGraphs.integers("1", [1])]
    try ONNXGraphs.expectFormula(Self.model(nodes, constants), Self.pixels) {
      let x = Self.heads($0, 2, 3, 4)
      return Self.weighted(Self.flat(Self.attention(x, [x[0]], [x[0]], scale: 0.5)))
    }
  }

  /// `[B, T, H D]`: six positions of two heads.
  @Test func ofPackedHeads() throws {
    let nodes = [
      ONNXGraphs.node("Reshape", ["x", "rows"], ["p"]),
      ONNXGraphs.node(
        "Attention", ["p", "p", "p"], ["z"], ["q_num_heads": .int(2), "kv_num_heads": .int(2)]),
    ]
    try ONNXGraphs.expectFormula(Self.model(nodes, [ONNXGraphs.integers("rows", [0, 6, 4])]), Self.pixels) { numbers in
      let x = (0..<2).map { head in (0..<6).map { t in (0..<2).map { numbers[4 * t + 2 * head + $0] } } }
      let result = Self.attention(x, x, x, scale: 1 / 2.0.squareRoot())
      return Self.weighted((0..<6).flatMap { t in (0..<2).flatMap { result[$0][t] } })
    }
  }

  @Test func whatDoesNotFitIsAnError() {
    func message(_ attributes: [String: ONNXGraphs.Attribute], _ inputs: [String] = ["x", "x", "x"]) -> String {
      ONNXGraphs.message(
        Self.model(
          [ONNXGraphs.node("Reshape", ["x", "rows"], ["p"]), ONNXGraphs.node("Attention", inputs, ["z"], attributes)],
          [ONNXGraphs.integers("rows", [0, 6, 4]), ONNXGraphs.integers("length", [3])]))
    }
    #expect(message([:], ["p", "p", "p"]).contains("needs q_num_heads"))
    #expect(message(["q_num_heads": .int(3), "kv_num_heads": .int(2)], ["p", "p", "p"]).contains("into 3 heads"))
    #expect(message([:], ["x", "x", "p"]).contains("do not fit each other"))
    #expect(message([:], ["x", "x", "x", "", "", "", "length"]).contains("nonpad_kv_seqlen"))
    #expect(
      ONNXGraphs.message(Self.model([ONNXGraphs.node("Attention", ["x", "x", "x"], ["z"])], opset: 22)).contains(
        "known in opsets 23 to"))
  }

  @Test(arguments: [true, false]) func rotaryEmbedding(_ isInterleaved: Bool) throws {
    let angles: [Float] = [0.3, 1.1, -0.4]
    let node = ONNXGraphs.node(
      "RotaryEmbedding", ["x", "cos", "sin", "places"], ["z"],
      ["interleaved": .int(isInterleaved ? 1 : 0), "rotary_embedding_dim": .int(2)])
    let constants = [
      ONNXGraphs.floats("cos", angles.map { cos($0) }, [3, 1]),
      ONNXGraphs.floats("sin", angles.map { sin($0) }, [3, 1]),
      ONNXGraphs.integers("places", [2, 0, 1], [1, 3]),
    ]
    try ONNXGraphs.expectFormula(Self.model([node], constants), Self.pixels) { numbers in
      var x = Self.heads(numbers, 2, 3, 4)
      for head in 0..<2 {
        for t in 0..<3 {
          let angle = Double(angles[[2, 0, 1][t]])
          let (a, b) = (x[head][t][0], x[head][t][1])
          x[head][t][0] = cos(angle) * a - sin(angle) * b
          x[head][t][1] = sin(angle) * a + cos(angle) * b
        }
      }
      return Self.weighted(Self.flat(x))
    }
  }

  @Test(arguments: ["linear", "gated", "delta", "gated_delta"]) func linearAttention(_ rule: String) throws {
    // Three positions of two heads of two features, from the twelve first pixels; keys and values likewise from the rest.
    let (isGated, isDelta) = (rule.hasPrefix("gated"), rule.hasSuffix("delta"))
    let (decay, beta): ([Float], [Float]) = ([-0.5, -0.2, -1, -0.1, -0.3, -0.7], [0.5, 0.9, 0.2, 0.4, 0.6, 0.8])
    let nodes = [
      ONNXGraphs.node("Reshape", ["x", "rows"], ["p"]),
      ONNXGraphs.node("Split", ["p"], ["q", "k"], ["axis": .int(1), "num_outputs": .int(2)]),
      ONNXGraphs.node(
        "LinearAttention", ["q", "k", "k", "", isGated ? "decay" : "", isDelta ? "beta" : ""], ["z"],
        ["update_rule": .string(rule), "q_num_heads": .int(2), "kv_num_heads": .int(2), "scale": .float(0.5)]),
    ]
    var constants = [ONNXGraphs.integers("rows", [0, 6, 4])]
    // One row for all images: repeated along the batch by the graph.
    constants += [ONNXGraphs.floats("decay", decay, [1, 3, 2]), ONNXGraphs.floats("beta", beta, [1, 3, 2])]
    try ONNXGraphs.expectFormula(Self.model(nodes, constants, opset: 27, count: 12), Self.pixels) { numbers in
      func part(_ offset: Int, _ t: Int, _ head: Int) -> [Double] {
        (0..<2).map { numbers[offset + 4 * t + 2 * head + $0] }
      }
      var result = [[Double]](repeating: [], count: 6)
      for head in 0..<2 {
        var state = [[0.0, 0], [0, 0]]
        for t in 0..<3 {
          let (q, k) = (part(0, t, head), part(12, t, head))
          var v = k
          if isGated { state = state.map { $0.map { $0 * exp(Double(decay[2 * t + head])) } } }
          if isDelta {
            v = (0..<2).map { m in
              Double(beta[2 * t + head]) * (v[m] - (state[0][m] * k[0] + state[1][m] * k[1]))
            }
          }
          for d in 0..<2 { for m in 0..<2 { state[d][m] += k[d] * v[m] } }
          result[2 * t + head] = (0..<2).map { 0.5 * (q[0] * state[0][$0] + q[1] * state[1][$0]) }
        }
      }
      return Self.weighted(result.flatMap { $0 })
    }
  }
}
