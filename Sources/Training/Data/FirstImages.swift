import BenchCore
import Tensor

/// The first images of others.
struct FirstImages: LabelledImages {
  let others: any LabelledImages
  let labels: [Int]

  init(_ others: any LabelledImages, _ count: Int) {
    self.others = others
    labels = Array(others.labels.prefix(count))
  }

  var name: String { others.name }
  var imageShape: Shape { others.imageShape }
  var classCount: Int { others.classCount }
  func copyImage(_ index: Int, to output: UnsafeMutableBufferPointer<Float>) throws {
    try others.copyImage(index, to: output)
  }
}
