import BenchCore
import Checkpoints
import Foundation
import Testing

/// `show counterfactuals` on fitted mixtures, along diffusion models' scores and with guides, through the program.
@Suite struct CounterfactualCommandTests {
  private struct Report: Decodable {
    struct Model: Decodable {
      struct Measurement: Decodable {
        let name: String
        let value: Double?
      }

      let model: String
      let measurements: [Measurement]
    }

    struct Setting: Decodable { let value: String }

    let settings: [Setting]
    let models: [Model]

    /// Of one model, by its name.
    func value(_ name: String, of model: String) -> Double? {
      models.first { $0.model == model }?.measurements.first { $0.name == name }?.value
    }
  }

  private static let task = ["--task", "stripes/task.json"]
  private static let small = ["--steps", "10", "--images", "1", "--samples", "6", "--reference-images", "24"]

  /// With a task of three kinds of stripes whose density is a mixture fitted to 120 images.
  private func withStripes(side: Int = 8, channels: Int = 1, _ body: (RealBinary) throws -> Void) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try StripedImages.write(to: binary, side: side, channels: channels, classes: 3, train: 120)
    let described = try binary.run("tasks", "describe", "stripes", "--quiet")
    #expect(described.status == 0, "\(described.errors)")
    try body(binary)
  }

  /// The report; sheet and numbers are the same for any number of threads and any batch.
  private func show(_ binary: RealBinary, _ arguments: [String]) throws -> Report {
    var outcomes: [(sheet: Data, report: Substring, all: String)] = []
    for (threads, batch) in [("1", "1"), ("3", "5")] {
      let sheet = binary.path("\(UUID().uuidString).svg")
      let outcome = try binary.start(
        ["show", "counterfactuals"] + arguments + Self.small + [
          "--quiet", "--json", "--seed", "3", "--threads", threads, "--batch", batch, "--output", sheet,
        ]
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let end = outcome.output.range(of: "provenance")?.lowerBound ?? outcome.output.endIndex
      outcomes.append((try Data(contentsOf: URL(fileURLWithPath: sheet)), outcome.output[..<end], outcome.output))
    }
    #expect(outcomes[0].sheet == outcomes[1].sheet)
    #expect(outcomes[0].report == outcomes[1].report)
    return try JSONDecoder().decode(Report.self, from: Data(outcomes[0].all.utf8))
  }

  private func refusal(_ binary: RealBinary, _ arguments: [String], status: Int32 = 1) throws -> String {
    let outcome = try binary.start(
      ["show", "counterfactuals"] + arguments + ["--quiet", "--output", binary.path("refused.svg")]
    ).wait()
    #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: binary.path("refused.svg")))
    return outcome.errors
  }

  private let posterior = "fitted posterior of the target"
  private let alone = "without a classifier"
  private let bayes = "Bayes classifier of the fitted density"

  /// The mixture's own classifier takes its images to other classes; without it they stay.
  @Test func onAFittedMixture() throws {
    try withStripes { binary in
      for path in ["noise", "flow"] {
        let report = try show(binary, ["bayes", "--path", path, "--classifier-weight", "3"] + Self.task)
        #expect(report.settings[0].value.contains("Score of stripes-mixture, 10 levels from 1 down (\(path))"))
        #expect(try #require(report.value(posterior, of: bayes)) > 0.9, "\(path)")
        #expect(try #require(report.value(posterior, of: alone)) < 0.1, "\(path)")
        #expect(try #require(report.value("length of the change", of: bayes)) > 0.5)
      }
      // The 24 test images are all there are, which takes no option.
      let task = Self.task + ["bayes", "--steps", "2", "--no-cache"]
      let few = try binary.start(
        ["show", "counterfactuals", "--images", "1", "--quiet", "--output", binary.path("few.svg")] + task
      ).wait()
      #expect(few.status == 0, "\(few.errors)")
      #expect(
        try refusal(binary, task + ["--reference-images", "25"]).contains(
          "--reference-images: 25 images of task stripes are asked for, there are 24"))
      #expect(try refusal(binary, task + ["--samples", "30"]).contains("--samples, --images or --indices: 30 images"))
      let averaged = try show(
        binary, ["bayes", "--augmentations", "4"] + Self.task)
      // The preset of fitted mixtures: 28 of the root of 64, but no more than 1.
      #expect(
        averaged.settings[0].value.hasSuffix(
          "(flow), weights 1 of the classifier and 0.3 of the distance, gradients averaged over 4 augmented copies"))
    }
  }

  /// Of a linear network: the density's classifier, one that a program serves, and what is none.
  @Test func guides() throws {
    try withStripes { binary in
      func network(_ name: String, classes: Int, inputs: Int = 64) throws -> String {
        try SafetensorsWriter.write(
          [
            TensorToWrite(
              name: "fc.weight", shape: [classes, inputs],
              floats: (0..<classes * inputs).map { Float(($0 * 7 + $0 / inputs * 3) % 11) / 11 - 0.5 }),
            TensorToWrite(
              name: "fc.bias", shape: [classes], floats: (0..<classes).map { Float($0) / 10 }),
          ], to: binary.path("\(name).safetensors"))
        try """
        {"id": "\(name)", "name": "\(name)", "checkpoint": {"file": "\(name).safetensors"},
         "architecture": [{"type": "Flatten"}, {"type": "Linear", "name": "fc"}],
         "preprocessing": {"mean": [0], "std": [1]}}
        """.write(toFile: binary.path("\(name).json"), atomically: true, encoding: .utf8)
        return binary.path("\(name).json")
      }
      let linear = try network("linear", classes: 3)
      let weights = ["--path", "noise", "--classifier-weight", "10"] + Self.task
      let plain = try show(binary, [linear] + weights)
      // Of the same model the guide's gradient is in the cone.
      let same = try show(binary, [linear, "--guide", linear] + weights)
      #expect(same.settings[0].value.contains("guided by linear within 30 degrees"))
      let length = "length of the change"
      let before = try #require(plain.value(length, of: "linear"))
      #expect(abs(try #require(same.value(length, of: "linear")) - before) < 1e-4)
      // The density's classifier leads the same network further towards its classes, the wider the cone the further.
      let posteriors = try [10, 85].map { angle -> Double in
        let report = try show(binary, [linear, "--guide", "bayes", "--cone", "\(angle)"] + weights)
        return try #require(report.value(posterior, of: "linear"))
      }
      #expect(posteriors[1] > posteriors[0] + 0.1, "\(posteriors)")

      // A program serves the guide, and where --plugin says how the model is served, the guide is read by itself.
      try """
      {"id": "served", "name": "Served", "plugin": {"command": ["\(ServedRunTests.plugin)", "good", "1,8,8"]}}
      """.write(toFile: binary.path("served.json"), atomically: true, encoding: .utf8)
      let served = binary.path("served.json")
      #expect(try refusal(binary, [linear, "--guide", served] + weights).contains("--allow-plugin"))
      let guided = try show(binary, [linear, "--guide", served, "--allow-plugin"] + weights)
      #expect(guided.settings[0].value.contains("guided by Served within 30 degrees"))
      #expect(abs(try #require(guided.value(length, of: "linear")) - before) > 1e-3)
      let other = try show(
        binary, ["--plugin", "'\(ServedRunTests.plugin)' good 1,8,8", "--guide", "bayes"] + weights)
      #expect(other.settings[0].value.contains("guided by \(bayes) within"))

      // What cannot guide is named before anything is made.
      for (name, message) in [
        (try network("one-class", classes: 1), "one-class.safetensors: the network's output has shape [1, 1]"),
        (try network("five", classes: 5), "--guide five: has 5 classes, but task stripes has 3"),
        (try network("large", classes: 3, inputs: 65), "large.safetensors: tensor `fc.weight`"),
      ] {
        let said = try refusal(binary, [linear, "--guide", name] + weights)
        #expect(said.contains(message), "\(said)")
      }
      #expect(try refusal(binary, [linear, "--guide", "absent.pt"] + weights).contains("absent.pt"))
    }
  }

  @Test func whatIsNoScoreOfAllLevelsIsRefused() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let said = try refusal(binary, ["bayes", "--score", "denoiser=d.ckpt"], status: 64)
    #expect(said.contains("--score denoiser=d.ckpt: a denoiser knows the one noise level") && said.contains("edm=FILE"))
    #expect(
      try refusal(binary, ["bayes", "--augmentations", "0"], status: 64).contains("--augmentations must be 1 to 256"))
  }

  /// Tiny networks of random weights: their scores lead nowhere, and to the same place every time.
  @Test(.enabled(if: RealBinary.hasShared, "needs ../shared"))
  func alongADiffusionModel() throws {
    let snapshots = RealBinary.shared.appendingPathComponent("goldens/edm")
    func score(_ name: String) -> [String] { ["--score", "edm=\(snapshots.appendingPathComponent(name).path)"] }
    try withStripes(side: 16, channels: 3) { binary in
      for name in ["ddpmpp-uncond-edm.pkl", "ncsnpp-uncond-ve.pkl"] {
        for path in ["noise", "flow"] {
          let report = try show(
            binary, ["bayes", "--path", path, "--start-noise", "0.5"] + Self.task + score(name))
          #expect(report.settings[0].value.contains("Score of edm"))
          #expect(try #require(report.value("length of the change", of: bayes)) > 0)
        }
      }
      // Trained with labels alone, it has no score of all images.
      let said = try refusal(binary, ["bayes"] + Self.task + score("ddpmpp-cond-edm.pkl"))
      #expect(said.hasSuffix("name an unconditional file\n"), "\(said)")
    }
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let said = try refusal(binary, ["bayes"] + score("ddpmpp-uncond-edm.pkl"))
    #expect(said.contains("images of shape [3, 16, 16], those of task `glyphs` are [1, 20, 40]"), "\(said)")
  }
}
