import BenchCore
import Foundation
import Plugins
import Tensor

/// What `run --score`, `run --metric` and an evaluation do with the files of a reference, on two images.
enum ReferenceExercise {
  /// Larger images take too long for what they show.
  private static let largestImage = 1 << 14
  private static let loader = ReferenceLoader(BuiltinPlugins.all, files: nil)

  /// - Parameters:
  ///   - path: of the model's file or folder.
  ///   - second: of another, unconditional one, for the difference of both; nil for the score alone.
  static func score(
    _ id: String, _ path: String, second: String? = nil, image: Shape, _ progress: inout Progress
  ) throws {
    let options = ReferenceOptions(
      task: "made", imageShape: image, classCount: 4, threads: 1, scoreNoises: [0.25], decisiveNoise: 0.25)
    if let second {
      let reference = try loader.secondReference(.plugin(id: id, files: [path, second]), options)
      progress = .loaded
      guard image.count <= largestImage else { return }
      _ = try reference.posteriorScore(ofClasses: [0, 3], at: images(image))
      return
    }
    guard let score = try loader.score(.plugin(id: id, files: [path]), options)?.score else { return }
    progress = .loaded
    _ = "\(String(describing: score.learned)) \(score.fingerprint ?? "")"
    guard image.count <= largestImage else { return }
    // Each level by itself: a model may know none of them.
    for noise in [0.25, 1e-4, 60] { _ = try? score.score(at: images(image), noise: noise) }
    guard let conditional = score as? any ClassConditionalScore else { return }
    let labels = [0, conditional.classCount - 1]
    _ = try conditional.score(ofClasses: labels, at: images(image), noise: 0.25)
  }

  static func metric(_ id: String, _ paths: [String], image: Shape, _ progress: inout Progress) throws {
    let options = ReferenceOptions(task: nil, imageShape: image, classCount: 0, threads: 1)
    let metric = try loader.metric(.plugin(id: id, files: paths), options)
    progress = .loaded
    _ = "\(String(describing: metric.learned))"
    guard image.count <= largestImage else { return }
    _ = try metric.compare(images(image), images(image, item: 1))
  }

  /// Two images with pixels in [0, 1].
  private static func images(_ image: Shape, item: Int = 0) -> Tensor {
    let shape = image.prepending(2)
    let pixels = RandomStream(seed: 0, name: "fuzz-images").uniforms(item: item, count: shape.count)
    return Tensor(shape: shape, scalars: pixels.map { Float($0) })
  }

  /// The image shape that an input says it is for.
  static func image(in folder: URL) throws -> Shape {
    let text = try String(contentsOf: folder.appendingPathComponent("image"), encoding: .utf8)
    return Shape(checking: text.split(separator: ",").compactMap { Int($0) }) ?? [1, 8, 8]
  }

  static func imageFile(_ shape: [Int]) -> InputFile {
    InputFile("image", shape.map(String.init).joined(separator: ","))
  }
}
