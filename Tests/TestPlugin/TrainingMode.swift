/// What a model does that was left in training mode, by name: `dropout`, `gradient-noise`, `batch-norm`, `lone-batch-norm` (which
/// refuses a single image, as PyTorch does), `mean-gradient`, `mixed-gradient`.
struct TrainingMode {
  private let traits: Set<String>
  private var calls = 0

  init(_ traits: Set<String>) { self.traits = traits }

  mutating func logits(_ logits: [Float], of images: [Float], in network: Network) -> [Float] {
    calls += 1
    if traits.contains("dropout") {
      return logits.enumerated().map { ($0.offset + calls) % 3 == 0 ? 0 : 1.5 * $0.element }
    }
    guard traits.contains("batch-norm") else { return logits }
    let rows = logits.chunked(Network.classes)
    let means = (0..<Network.classes).map { k in rows.reduce(Float(0)) { $0 + $1[k] } / Float(rows.count) }
    return rows.flatMap { row in zip(row, means).map { $0 - 0.5 * $1 } }
  }

  /// Whether a request for so many images is refused.
  func refuses(_ count: Int) -> Bool { traits.contains("lone-batch-norm") && count == 1 }

  func gradients(_ gradients: [Float], count: Int, _ cotangents: [Float]) -> [Float] {
    if traits.contains("mean-gradient") { return gradients.map { $0 / Float(count) } }
    if traits.contains("gradient-noise") {
      return gradients.enumerated().map { ($0.offset + calls) % 3 == 0 ? 0 : $0.element }
    }
    guard traits.contains("mixed-gradient"), count > 1 else { return gradients }
    let rows = gradients.chunked(gradients.count / count)
    return rows.indices.flatMap { row in zip(rows[row], rows[(row + 1) % rows.count]).map { $0 + 0.3 * $1 } }
  }
}
