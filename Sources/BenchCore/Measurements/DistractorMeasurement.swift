import Foundation
import Tensor

/// Sensitivity to noise on the signal and on the distractor (the paper, section 4.3 and figure 5), where the task knows
/// which pixels carry the label: softmax L1 in [0, 2] for noise sigma n confined to either block.
struct DistractorMeasurement: Measurement {
  /// The paper's `logspace(-2, 1, 30)`.
  static let noises: [Double] = (0..<30).map { pow(10, -2 + 3 * Double($0) / 29) }

  let classifier: any Classifier
  /// Of all images of the set.
  let signalMask: SignalMask
  let stream: RandomStream

  init(classifier: any Classifier, signalMask: SignalMask, seed: UInt64) {
    self.classifier = classifier
    self.signalMask = signalMask
    stream = RandomStream(seed: seed, name: "distractor")
  }

  func samples(of block: MeasurementBlock) throws -> SampleTable {
    let mask = signalMask[images: block.range]
    let noise = Tensor.normals(stream, range: block.range, itemShape: block.images.shape.droppingFirst)
    func displacements(_ part: Tensor, _ name: String) -> [Responses.Displacement] {
      Self.noises.map { .init(direction: part, scale: $0, description: "noise \(brief($0)) on the \(name)") }
    }
    let responses = Responses(
      classifier: classifier, images: block.images, firstImage: block.range.lowerBound,
      checkCancellation: block.checkCancellation)
    let changes = try responses.probabilityChanges(
      at: displacements(noise.masked(by: mask, keeping: true), "signal")
        + displacements(noise.masked(by: mask, keeping: false), "distractor"), from: block.logits)
    let names = Self.noises.map(SampleColumn.signal) + Self.noises.map(SampleColumn.distractor)
    return SampleTable(zip(names, changes).map { ($0, $1) })
  }

  func result(from means: ResampledMeans) -> [DistractorEntry] {
    Self.noises.map { noise in
      let (signal, distractor) = (SampleColumn.signal(noise: noise), SampleColumn.distractor(noise: noise))
      return DistractorEntry(
        noise: noise, signal: means.mean(signal), distractor: means.mean(distractor),
        relativeNoiseRobustness: means.ratio(signal, over: distractor))
    }
  }
}
