import ArgumentParser
import BenchCore
import Foundation
import JSON
import Plugins
import Tensor

/// `pags-bench bench`: how fast a model runs here.
struct BenchCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures images per second, forward and forward with input gradient.",
    discussion: """
      Runs random images, --batch of them for each thread, over and over for --seconds, and prints the median. The input \
      gradient is that of the logit sum, and includes its forward pass.
      """)

  @Argument(help: "The model's checkpoint or model.json; may be left out with --plugin.", completion: .file())
  var checkpoint: String?

  @Option(help: ArgumentHelp("Image size, where the network does not tell it.", valueName: "c,h,w"))
  var shape: String?

  @Option(help: "How long to measure each of the two.")
  var seconds: Double = 2

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  @OptionGroup var options: ModelOptions

  @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

  func validate() throws {
    _ = try ImageShapeOption.parse(shape)
    try options.program.check(hasCheckpoint: checkpoint != nil)
    if !(seconds > 0 && seconds <= 3600) { throw ValidationError("--seconds must be above 0 and at most 3600") }
  }

  func run() throws {
    let loader = ModelLoader(ProjectFiles.locate(), plugins: PagsBench.plugins.models)
    let candidate = try loader.find(checkpoint, options)
    let loading = try options.loadOptions(imageShape: ImageShapeOption.parse(shape), classCount: nil)
    let classifier = try loader.load(candidate, loading).classifier
    let batch = try batch(of: classifier, asked: loading.batch(for: classifier.inputShape))
    let images = Self.images(batch * options.threads, of: classifier.inputShape)
    let count = images.batch
    let report = Report(
      forward: .init(imagesPerSecond: try rate(of: count) { _ = try classifier.logits(images) }),
      inputGradient: .init(
        imagesPerSecond: try rate(of: count) { _ = try classifier.inputGradient(.logitSum, at: images) }),
      batch: batch, threads: options.threads)
    try reporting.result(
      report,
      text: """
        forward                   \(report.forward.imagesPerSecond) images per second
        forward + input gradient  \(report.inputGradient.imagesPerSecond) images per second
        batch \(report.batch), threads \(report.threads)
        """)
  }

  /// Images per thread and pass: those asked for, or fewer where memory wants it and --batch was not given. What does not fit is
  /// refused as `evaluate` refuses it, and so are random images that take more than an eighth of the memory, for they and their
  /// gradients are held beside the passes.
  /// - Throws: `BenchError`, and what the model throws where a pass does not fit.
  private func batch(of classifier: any Classifier, asked: Int) throws -> Int {
    try classifier.prepare(forImages: asked)
    let available = MemoryLimit.bytes
    func fits(_ batch: Int) -> Bool {
      let bytes = MemoryLayout<Float>.stride * options.threads * batch
      let (all, overflow) = bytes.multipliedReportingOverflow(by: classifier.inputShape.count)
      return !overflow && all <= available / 8
    }
    var batch = min(asked, classifier.imagesPerPass ?? asked)
    while options.batch == nil, batch > 1, !fits(batch) { batch /= 2 }
    guard fits(batch) else {
      throw BenchError.images(
        batch: batch, threads: options.threads, shape: classifier.inputShape, available: available)
    }
    return batch
  }

  private static func images(_ count: Int, of shape: Shape) -> Tensor {
    let random = RandomStream(seed: 0, name: "bench")
    let pixels = shape.count
    return Tensor(shape: shape.prepending(count)) { output in
      for image in 0..<count {
        for (pixel, value) in random.uniforms(item: image, count: pixels).enumerated() {
          output[image * pixels + pixel] = Float(value)
        }
      }
    }
  }

  /// As the contract fixes it.
  private struct Report: Encodable {
    struct Rate: Encodable {
      let imagesPerSecond: Double
    }

    let forward: Rate
    let inputGradient: Rate
    let batch: Int
    let threads: Int
  }

  /// Median over passes, after one that does not count: it makes the programs and touches their memory.
  private func rate(of count: Int, _ pass: () throws -> Void) throws -> Double {
    try pass()
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var durations: [Double] = []
    while durations.isEmpty || clock.now < end {
      let duration = try clock.measure(pass)
      durations.append(duration / .seconds(1))
    }
    let median = durations.sorted()[durations.count / 2]
    // Four digits: the rest is noise.
    return Double(String(format: "%.4g", Double(count) / median)) ?? 0
  }
}

enum BenchError: Error, CustomStringConvertible {
  case images(batch: Int, threads: Int, shape: Shape, available: Int)

  var description: String {
    switch self {
    case .images(let batch, let threads, let shape, let available):
      "\(batch) random images of shape \(shape) for each of \(threads) threads take more than an eighth of the "
        + "\(available >> 20) MiB that this process may use; pass a smaller --batch or fewer --threads"
    }
  }
}

extension BenchCommand: DeviceCommand {
  var batch: Int? { options.batch }
  var servingProgram: String? { options.program.plugin }
}
