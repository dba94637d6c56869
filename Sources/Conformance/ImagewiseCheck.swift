import Synchronization
import Tensor

/// Checks that a function of a batch is one function of each image: the same bits alone, in pairs, among all, in another
/// order, again, from two threads at once, and nothing for no images.
struct ImagewiseCheck {
  /// What is computed, for messages.
  let what: String
  /// How many images there are to choose from.
  let count: Int
  /// The results of the images with these indices, in this order.
  let numbers: @Sendable (_ indices: [Int]) throws -> [ImageNumbers]

  func run(into report: inout ConformanceReport) {
    let all = Array(0..<count)
    guard let whole = report.attempt("\(what) of \(count) images", { try numbers(all) }) else { return }
    guard report.require(whole.count == count, .shape, "\(what) of \(count) images are \(whole.count)") else { return }
    compare(all, with: whole, .determinism, "called again with the same images", &report)
    for (indices, name) in compositions {
      compare(indices, with: whole, .batchInvariance, name, &report)
    }
    concurrently(all, whole, &report)
    if let none = report.attempt("\(what) of no images", as: .emptyBatch, { try numbers([]) }) {
      report.require(none.isEmpty, .emptyBatch, "\(what) of no images are those of \(none.count)")
    }
  }

  private var compositions: [(indices: [Int], name: String)] {
    let all = Array(0..<count)
    // Kernels differ between sizes, so each of the first sizes occurs; and blocks begin elsewhere without the first image.
    var result = Set([0, count / 2, count - 1]).sorted().map { ([$0], "alone") }
    guard count > 1 else { return result }
    result += stride(from: 0, to: min(6, count - 1), by: 2).map { ([$0, $0 + 1], "in pairs") }
    result.append((Array(all.prefix(3)), "in threes"))
    result.append(([0, 0, count - 1, 0], "beside copies of itself"))
    result.append((Array(all.dropFirst()), "without the first image"))
    result.append((all.reversed(), "in reversed order"))
    result.append((RandomStream(seed: 1, name: "conformance-order").permutation(item: 0, count: count), "reordered"))
    return result
  }

  private func compare(
    _ indices: [Int], with whole: [ImageNumbers], _ requirement: ConformanceRequirement, _ name: String,
    _ report: inout ConformanceReport
  ) {
    guard let part = report.attempt("\(what) \(name)", { try numbers(indices) }) else { return }
    report.requireSame(part, as: indices.map { whole[$0] }, requirement, "\(what) \(name)")
  }

  private func concurrently(_ all: [Int], _ whole: [ImageNumbers], _ report: inout ConformanceReport) {
    let results = Mutex<[[ImageNumbers]]>([])
    let ended: Void? = report.attempt("\(what) from two threads at once", as: .concurrency) {
      try Workers.forEachBlock(of: 2, blockSize: 1, threads: 2) { _, _ in
        let result = try numbers(all)
        results.withLock { $0.append(result) }
      }
    }
    guard ended != nil else { return }
    for result in results.withLock({ $0 }) {
      report.requireSame(result, as: whole, .concurrency, "\(what) from two threads at once")
    }
  }
}

extension Tensor {
  /// The images with these indices, in this order.
  func selecting(_ indices: [Int]) -> Tensor {
    guard !indices.isEmpty else { return Tensor(shape: shape.droppingFirst.prepending(0), scalars: []) }
    return Tensor.concatenating(indices.map { self[batch: $0..<$0 + 1] })
  }
}
