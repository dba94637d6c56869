import ArgumentParser
import BenchCore
import Foundation
import JSON
import Plugins
import Tensor

/// `pags-bench bench`: how fast a model runs here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures images per second, forward and forward with input gradient.",
    discussion: """
      Runs random images, --batch of them for each thread, over and over for --seconds, and prints the median. The input \
      gradient is that of the logit sum, and includes its forward pass.
      """)

  @Argument(help: "The model's checkpoint or model.json; may be left out with --plugin.")
  var checkpoint: String?

  @Option(help: ArgumentHelp("Image size, where the network does not tell it.", valueName: "c,h,w"))
  var shape: String?

  @Option(help: "How long to measure each of the two.")
  var seconds: Double = 2

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var options: ModelOptions

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
    let batch = loading.batch(for: classifier.inputShape)
    let count = batch * options.threads
    let random = RandomStream(seed: 0, name: "bench")
    let pixels = classifier.inputShape.count
    let images = Tensor(
      shape: classifier.inputShape.prepending(count),
      scalars: (0..<count).flatMap { random.uniforms(item: $0, count: pixels).map(Float.init) })
    let report = Report(
      forward: .init(imagesPerSecond: try rate(of: count) { _ = try classifier.logits(images) }),
      inputGradient: .init(
        imagesPerSecond: try rate(of: count) { _ = try classifier.inputGradient(.logitSum, at: images) }),
      batch: batch, threads: options.threads)
    if json {
      CommandLineOutput.result(String(decoding: try JSONEncoding.encode(report), as: UTF8.self))
    } else {
      CommandLineOutput.result(
        """
        forward                   \(report.forward.imagesPerSecond) images per second
        forward + input gradient  \(report.inputGradient.imagesPerSecond) images per second
        batch \(report.batch), threads \(report.threads)
        """)
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
