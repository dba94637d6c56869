import BenchCore
import Foundation
import Mixtures
import Tensor

/// Images of one block, each above or below a pattern that is the same for all: the signal beside a distractor.
struct DistractorFiles: PixelFiles {
  enum Position: String, Sendable {
    /// One or the other with probability 1/2.
    case either
    /// The signal always above.
    case top
  }

  /// The data set's: a part of its digest.
  var name: String
  /// Of the signal, one channel of `DistractorPattern.side` pixels in height and width.
  var signal: any PixelFiles
  var pattern: DistractorPattern
  var position: Position

  var requirement: String { signal.requirement }
  var classNames: [String] { signal.classNames }
  var imageShape: Shape { [1, 2 * DistractorPattern.side, DistractorPattern.side] }

  /// - Throws: what the signal's files throw.
  func load(_ directory: URL, threads: Int) throws -> PixelContent {
    let content = try signal.load(directory, threads: threads)
    return PixelContent(
      classNames: content.classNames, train: try composed(content.train), test: try composed(content.test),
      remark: content.remark)
  }

  /// Where an image's signal is depends on its split and its place in it alone, and is the same for every pattern: the paper's code
  /// draws it unseeded, so its own files cannot be made again.
  private func composed(_ signal: PixelDataset) throws -> PixelDataset {
    let block = DistractorPattern.side * DistractorPattern.side
    precondition(signal.imageShape.count == block, "the signal has the size of the pattern")
    let distractor = pattern.pixels
    let coins = RandomStream(seed: 0, name: "distractor/position/\(signal.split)")
    let masks = (
      top: (0..<2 * block).map { $0 < block }, bottom: (0..<2 * block).map { $0 >= block }
    )
    var pixels: [UInt8] = []
    pixels.reserveCapacity(2 * block * signal.count)
    var maskOfImage: [[Bool]] = []
    for image in 0..<signal.count {
      let digit = try signal.bytes(image..<image + 1)
      let isOnTop =
        switch position {
        case .top: true
        case .either: coins.integers(item: image, count: 1, below: 2)[0] == 0
        }
      pixels += isOnTop ? digit + distractor : distractor + digit
      maskOfImage.append(isOnTop ? masks.top : masks.bottom)
    }
    return PixelDataset(
      name: name, split: signal.split, imageShape: imageShape, pixels: pixels, labels: signal.labels,
      signalMask: SignalMask(ofImages: maskOfImage))
  }
}
