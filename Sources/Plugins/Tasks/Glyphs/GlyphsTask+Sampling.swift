import BenchCore
import Synchronization
import Tensor

/// Images that never coincide: every split has random streams of its own.
package enum GlyphsSplit: String, Sendable, CaseIterable {
  case evaluation
  case training
}

extension GlyphsTask {
  /// The first `count` images of a split. Image i is a function of seed, split and i alone.
  /// - Parameter seed: each gives another data set from the same distribution.
  /// - Returns: images `[count, 1, 20, 40]` and the digits.
  /// - Throws: `DatasetError.tooManyImages` where memory does not hold them, `CancellationError`.
  package func sample(split: GlyphsSplit, count: Int, seed: UInt64) throws -> ImageSet {
    precondition(count >= 0, "a negative number of images")
    // They are held twice while blocks of them are joined.
    let largest = MemoryLimit.bytes / (2 * MemoryLayout<Float>.stride * imageShape.count)
    guard count <= largest else { throw DatasetError.tooManyImages(task: id, count: count, largest: largest) }
    func stream(_ purpose: String) -> RandomStream {
      RandomStream(seed: seed, name: "glyphs-\(version)/\(split.rawValue)/\(purpose)")
    }
    let (signal, distractor) = (exactDensity.signal, exactDensity.distractor)
    let digits = stream("digit")
    let drawings = stream("drawing")
    let letters = stream("letter")
    let signalNormals = stream("signal")
    let distractorNormals = stream("distractor")

    let blocks = Mutex<[Int: (images: Tensor, labels: [Int])]>([:])
    try Workers.forEachBlock(of: count, blockSize: 64, threads: threads) { range, _ in
      try progress.advance(by: 0)
      var labels: [Int] = []
      let images = Tensor(shape: imageShape.prepending(range.count)) { output in
        for (place, image) in range.enumerated() {
          let digit = digits.integers(item: image, count: 1, below: signal.classCount)[0]
          let letter = letters.integers(item: image, count: 1, below: distractor.classCount)[0]
          let drawing = signal.drawing(ofClass: digit, uniform: drawings.uniforms(item: image, count: 1)[0])
          exactDensity.join(
            signal.draw(drawing, normals: signalNormals.normals(item: image, count: signal.pixels)),
            distractor.draw(letter, normals: distractorNormals.normals(item: image, count: distractor.pixels)),
            into: output, image: place)
          labels.append(digit)
        }
      }
      blocks.withLock { [labels] in $0[range.lowerBound] = (images, labels) }
    }
    let ordered = blocks.withLock { blocks in blocks.keys.sorted().compactMap { blocks[$0] } }
    return ImageSet(
      name: id, split: split.rawValue,
      images: count == 0
        ? Tensor(shape: imageShape.prepending(0), scalars: []) : .concatenating(ordered.map(\.images)),
      labels: ordered.flatMap(\.labels), signalMask: SignalMask(Self.signalPixels, count: count))
  }

  /// The left half.
  static let signalPixels: [Bool] = {
    let side = GlyphRendering.side
    return (0..<2 * side * side).map { $0 % (2 * side) < side }
  }()
}
