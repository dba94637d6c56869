import BenchCore
import Checkpoints
import Foundation
import Tensor

/// Checks of any `ModelPlugin`: what it says of itself and what it does with files that are not its own.
///
/// What it loads is `ClassifierConformance`'s.
public enum ModelPluginConformance {
  /// A checkpoint that the plugin can load, and how.
  public struct Sample: Sendable {
    public var checkpoint: CheckpointFile
    public var description: ModelDescription?
    public var options: LoadOptions

    public init(_ checkpoint: CheckpointFile, description: ModelDescription? = nil, options: LoadOptions) {
      self.checkpoint = checkpoint
      self.description = description
      self.options = options
    }
  }

  /// - Parameter samples: small ones: each is loaded a few dozen times, damaged in as many ways. A plugin that crashes on
  ///   one of them takes the test process with it, which is a report too.
  /// - Returns: what is wrong, empty where nothing is.
  public static func problems(
    _ plugin: any ModelPlugin.Type, samples: [Sample], seed: UInt64 = 1
  ) -> [ConformanceProblem] {
    var report = ConformanceReport("model plugin \(plugin.id)")
    report.requireIdentifier(plugin.id)
    report.requireSentence(plugin.summary)
    report.require(!plugin.version.isEmpty, .declaration, "the version is empty")
    for (name, bytes) in garbage(seed: seed) {
      checkGarbage(plugin, name, bytes, samples.first?.options ?? LoadOptions(), &report)
    }
    for sample in samples {
      checkRecognition(plugin, sample, &report)
      checkDamage(plugin, sample, seed, &report)
    }
    return report.problems
  }

  /// Files that are no checkpoint, whatever they are called.
  static func garbage(seed: UInt64) -> [(name: String, bytes: [UInt8])] {
    let random = RandomStream(seed: seed, name: "conformance-garbage").integers(item: 0, count: 5000, below: 256)
      .map { UInt8($0) }
    return [
      ("empty.pt", []), ("one-byte.pt", [0x80]), ("zeros.safetensors", [UInt8](repeating: 0, count: 5000)),
      // The first byte is one that no format begins with.
      ("random.pth", [0xff] + random), ("text.ckpt", Array("accuracy 0.93 after 200 epochs\n".utf8)),
      ("page.pt", Array("<!doctype html><html><body>404</body></html>".utf8)),
      ("pointer.pt", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".utf8)),
      ("description.safetensors", Array("{\"id\": \"a\"}".utf8)),
    ]
  }

  private static func checkGarbage(
    _ plugin: any ModelPlugin.Type, _ name: String, _ bytes: [UInt8], _ options: LoadOptions,
    _ report: inout ConformanceReport
  ) {
    let file = CheckpointFile(name: name, data: Data(bytes))
    report.require(
      !plugin.recognizes(FileProbe(file)), .recognition,
      "it claims \(name), \(bytes.count) bytes that are no checkpoint")
    report.refusal(of: name, "\(bytes.count) bytes that are no checkpoint") {
      try plugin.init().load(file, nil, options)
    }
  }

  private static func checkRecognition(
    _ plugin: any ModelPlugin.Type, _ sample: Sample, _ report: inout ConformanceReport
  ) {
    let data = sample.checkpoint.data
    for name in [sample.checkpoint.name, "renamed.txt", ""] {
      report.require(
        plugin.recognizes(FileProbe(name: name, byteCount: data.count, head: data.prefix(FileProbe.headBytes))),
        .recognition, "it does not recognise \(sample.checkpoint.name) under the name `\(name)`")
    }
    // Any answer is right for so few bytes, if there is one.
    for count in 0..<min(64, data.count) {
      _ = plugin.recognizes(FileProbe(name: "short", byteCount: count, head: data.prefix(count)))
    }
  }

  private static func checkDamage(
    _ plugin: any ModelPlugin.Type, _ sample: Sample, _ seed: UInt64, _ report: inout ConformanceReport
  ) {
    let (data, name) = (sample.checkpoint.data, sample.checkpoint.name)
    func load(_ data: Data) throws -> LoadedModel {
      try plugin.init().load(CheckpointFile(name: name, data: data), sample.description, sample.options)
    }
    guard let model = report.attempt("load of \(name)", { try load(data) }) else { return }
    report.require(!model.architecture.isEmpty, .declaration, "\(name): the architecture's name is empty")
    report.require(model.parameters > 0, .declaration, "\(name): the network has \(model.parameters) parameters")
    let channels = model.classifier.inputShape.dimensions.first ?? 0
    report.require(
      model.preprocessing.mean.count == channels && model.preprocessing.std.count == channels, .consistency,
      "\(name): preprocessing has \(model.preprocessing.mean.count) means for \(channels) channels")
    for count in [1, 9, data.count / 4, data.count / 2, data.count - 1] where count < data.count {
      report.refusal(of: name, "the first \(count) of \(data.count) bytes of a checkpoint") {
        try load(Data(data.prefix(count)))
      }
    }
    // A changed byte may be of a weight, or of nothing that is read, so both answers are right.
    let stream = RandomStream(seed: seed, name: "conformance-damage")
    let (head, anywhere) = (
      stream.integers(item: 0, count: 16, below: min(data.count, 512)),
      stream.integers(item: 1, count: 16, below: data.count)
    )
    for position in head + anywhere {
      var damaged = Data(data)
      damaged[position] ^= 0x55
      _ = try? load(damaged)
    }
  }
}

extension ConformanceReport {
  /// `body` throws an error that names the file.
  fileprivate mutating func refusal(of file: String, _ what: String, _ body: () throws -> LoadedModel) {
    do {
      _ = try body()
      add(.refusal, "\(file), \(what), becomes a model")
    } catch {
      require(
        "\(error)".contains(file), .errorMessage, "for \(file) it says `\(error)`, which does not name the file")
    }
  }
}
