import Foundation
import JSON

/// Serves a score, a manifold or a metric: `TestPlugin score|manifold|metric[,TRAIT...]`.
///
/// The score is that of a normal distribution around a class's number, (c - x) / noise^2, around 0 without a class; with `noises` at two
/// levels alone, with `classes` of four classes, with `all` that of all images as well. The manifold's vectors are the first pixel's and
/// the sum of the first two, with `dependent` the first twice. The metric is the product of two images, summed. `bad` announces
/// what cannot be, `nan` answers so, `of-others` takes images of another size.
struct ReferenceServer {
  static let kinds: Set<String> = ["score", "manifold", "metric"]

  let traits: Set<String>
  private var wire = Wire()

  init(_ traits: Set<String>) { self.traits = traits }

  private var kind: String { Self.kinds.first { traits.contains($0) } ?? "" }

  func run() {
    while let frame = wire.receive() {
      switch frame.type {
      case "hello": wire.send(announcement(frame))
      case "score": score(frame)
      case "tangents": tangents(frame)
      case "compare": compare(frame)
      case "shutdown": exit(0)
      default: exit(9)
      }
    }
  }

  private func announcement(_ frame: Wire.Frame) -> String {
    var more: [String] = []
    if traits.contains("noises") { more.append("\"noises\": [0.25, 0.5]") }
    if traits.contains("classes") { more.append("\"classCount\": 4") }
    if traits.contains("all") { more.append("\"knowsAllImages\": true") }
    if traits.contains("of-others") { more.append("\"inputShape\": [1, 9, 9]") }
    let isBad = traits.contains("bad")
    switch kind {
    case "score": if isBad { more.append("\"noises\": [-1]") }
    case "manifold": more.append("\"dimension\": \(isBad ? 1000 : 2)")
    default:
      more.append("\"properties\": {\"definedAtZero\": true, \"smallestSide\": \(isBad ? 0 : 2), \"channels\": [1, 3]}")
    }
    let shape = frame.header["imageShape"]?.arrayValue?.compactMap(\.intValue) ?? []
    return """
      {"type": "ready", "request": \(frame.request), "protocol": 1, "kind": "\(kind)", "id": "test-reference", "version": "3",
       "parameters": 5, "notes": ["images of \(shape), \(frame.header["kind"]?.stringValue ?? "")"]\(more.map { ", " + $0 }.joined())}
      """
  }

  private func answer(_ frame: Wire.Frame, type: String, _ scalars: [Float], _ shape: [Int]) {
    wire.answer(frame, type: type, traits.contains("nan") ? scalars.map { _ in .nan } : scalars, shape: shape)
  }

  private func score(_ frame: Wire.Frame) {
    let (shape, images) = wire.tensor(frame)
    let noise = Float(frame.header["noise"]?.doubleValue ?? 0)
    let classes = frame.header["classes"]?.arrayValue?.compactMap(\.intValue)
    let size = images.count / max(1, shape.first ?? 1)
    answer(
      frame, type: "score",
      images.enumerated().map { (Float(classes?[$0.offset / size] ?? 0) - $0.element) / (noise * noise) }, shape)
  }

  private func tangents(_ frame: Wire.Frame) {
    let (shape, images) = wire.tensor(frame)
    let size = images.count / max(1, shape.first ?? 1)
    let first = (0..<size).map { $0 == 0 ? Float(1) : 0 }
    let second = (0..<size).map { $0 < 2 ? Float(traits.contains("dependent") && $0 == 1 ? 0 : 2) : 0 }
    answer(
      frame, type: "tangents", (0..<shape[0]).flatMap { _ in first + second }, [shape[0], 2] + shape.dropFirst())
  }

  private func compare(_ frame: Wire.Frame) {
    let tensors = frame.header["tensors"]?.arrayValue ?? []
    let names = tensors.compactMap { $0["name"]?.stringValue }
    let shape = tensors.first?["shape"]?.arrayValue?.compactMap(\.intValue) ?? []
    let all = frame.payload.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    guard names == ["a", "b"], let count = shape.first, all.count == 2 * shape.reduce(1, *) else { exit(8) }
    let size = all.count / 2 / count
    answer(
      frame, type: "values",
      (0..<count).map { image in
        (0..<size).reduce(0) { $0 + all[image * size + $1] * all[all.count / 2 + image * size + $1] }
      }, [count])
  }
}
