import BenchCore
import Figures
import Tensor

/// The paper's figure 16: images with noise on the signal, then with noise on the distractor, each beside the gradients of the models
/// there.
package struct DistractorSheet: Sendable {
  /// The paper's.
  package static let defaultNoise = 0.25

  package let noise: Double
  package let seed: UInt64
  package let threads: Int

  /// - Parameter noise: standard deviation, in pixel units.
  package init(noise: Double, seed: UInt64, threads: Int) {
    (self.noise, self.seed, self.threads) = (noise, seed, threads)
  }

  /// - Parameters:
  ///   - set: at least so many images of the task.
  ///   - mask: which of their pixels carry the label.
  /// - Throws: as `PictureSheet.sheet`.
  package func sheet(
    of models: [PictureSheet.Model], on task: any BenchmarkTask, _ set: ImageSet, _ mask: SignalMask, images count: Int,
    progress: any ProgressReporter
  ) throws -> ImageSheet {
    let stream = RandomStream(seed: seed, name: "distractor")
    let normals = Tensor.normals(stream, range: 0..<count, itemShape: task.imageShape)
    let images = set.images[batch: 0..<count]
    let pictures = PictureSheet(
      columns: models.isEmpty ? [.image] : [.image, .gradient], target: SignalShares.target,
      noises: [PictureSheet.defaultNoise(of: task)], seed: seed, threads: threads)
    let parts = try [("noise on the signal", true), ("noise on the distractor", false)].map { heading, isSignal in
      let part = normals.masked(by: mask[images: 0..<count], keeping: isSignal)
      let noisy = Tensor(
        shape: images.shape, scalars: zip(images.scalars, part.scalars).map { $0 + Float(noise) * $1 })
      let chosen = try ChosenImages(
        Array(0..<count),
        of: ImageSet(
          name: set.name, split: set.split, images: noisy, labels: Array(set.labels.prefix(count))),
        task: task.id, classCount: task.classCount)
      var result = try pictures.sheet(of: models, at: chosen, on: task, remark: task.dataRemark, progress: progress)
      result.columns[0] = heading
      return result
    }
    var sheet = parts[0]
    sheet.title = "noise on either block and gradients on task \(task.id)"
    sheet.columns += parts[1].columns
    sheet.rows = zip(parts[0].rows, parts[1].rows).map { $0 + $1 }
    sheet.notes.append("Noise of standard deviation \(brief(noise)).")
    return sheet
  }
}
