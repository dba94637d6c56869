import BenchCore
import Foundation
import Testing

/// `show gradients` with smoothed gradients, `show synthesis` and `show counterfactuals`, through the program.
@Suite struct SynthesisCommandTests {
  private struct Report: Decodable {
    struct Model: Decodable {
      struct Measurement: Decodable {
        let name: String
        let value: Double?
        let low: Double?
        let high: Double?
      }

      let model: String
      let measurements: [Measurement]

      func value(_ name: String) -> Double? { measurements.first { $0.name == name }?.value }
    }

    let kind: String
    let seed: Int
    let samples: Int
    let models: [Model]
  }

  /// The sheet's bytes and the numbers, which are the same for any number of threads and any batch.
  private func show(_ arguments: String...) throws -> Report {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    var outcomes: [(sheet: Data, report: String)] = []
    for (threads, batch) in [("1", "1"), ("3", "5")] {
      let outcome = try binary.start(
        ["show"] + arguments + [
          "--quiet", "--no-cache", "--json", "--seed", "3", "--threads", threads, "--batch", batch, "--output",
          binary.path("\(threads).svg"),
        ]
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("wrote"))
      outcomes.append((try Data(contentsOf: URL(fileURLWithPath: binary.path("\(threads).svg"))), outcome.output))
    }
    #expect(outcomes[0].sheet == outcomes[1].sheet)
    func numbers(_ report: String) -> Substring {
      report.prefix(upTo: report.range(of: "provenance")?.lowerBound ?? report.endIndex)
    }
    #expect(numbers(outcomes[0].report) == numbers(outcomes[1].report))
    let report = try JSONDecoder().decode(Report.self, from: Data(outcomes[0].report.utf8))
    #expect(report.seed == 3)
    return report
  }

  private static let model = RealBinary.package.appendingPathComponent("models/glyphs-cnn-pgd-l2-1/model.ckpt").path

  /// Of the Bayes classifier all of the gradient is on the pixels that carry the label.
  @Test func smoothedGradients() throws {
    let report = try show(
      "gradients", "bayes", Self.model, "--columns", "image,gradient,smoothgrad", "--images", "2", "--gradient",
      "logit-predicted", "--smoothgrad-samples", "10", "--smoothgrad-noise", "0.5", "--samples", "12")
    #expect(report.kind == "gradients" && report.samples == 12 && report.models.count == 2)
    let bayes = report.models[0]
    #expect(bayes.value("share on signal pixels") == 1)
    let cosine = try #require(bayes.value("cosine with SmoothGrad of Bayes"))
    // Of ten draws with ten others.
    #expect(cosine > 0.5)
    #expect(try #require(report.models[1].value("cosine with SmoothGrad of Bayes")) < cosine)
    for variant in ["smoothgrad-squared", "vargrad"] {
      _ = try show(
        "gradients", Self.model, "--columns", "smoothgrad", "--images", "1", "--smoothgrad-variant", variant,
        "--smoothgrad-preset", "saliency", "--smoothgrad-samples", "3", "--samples", "2")
    }
  }

  @Test func synthesis() throws {
    for kind in ["generation", "inpainting", "super-resolution"] {
      let report = try show(
        "synthesis", "bayes", Self.model, "--kind", kind, "--steps", "8", "--step-length", "0.5", "--images", "2",
        "--samples", "3", "--reference-images", "100")
      #expect(report.kind == "synthesis" && report.samples == 3)
      let posterior = try #require(report.models[0].value("Bayes posterior of the target"))
      #expect(posterior > 0.9, "\(kind)")
    }
  }

  @Test func counterfactuals() throws {
    for path in ["noise", "flow"] {
      let report = try show(
        "counterfactuals", "bayes", "--guide", Self.model, "--path", path, "--steps", "6", "--images", "1", "--samples",
        "2", "--reference-images", "100")
      #expect(report.models.map(\.model) == ["Bayes classifier", "without a classifier"])
    }
  }

  @Test(arguments: [
    (["gradients", "bayes", "--smoothgrad-samples", "0"], "--smoothgrad-samples must be 1 to 100000"),
    (["gradients", "bayes", "--smoothgrad-noise", "0"], "'--smoothgrad-noise"),
    (["gradients", "bayes", "--smoothgrad-noise", "nan%"], "'--smoothgrad-noise"),
    (["gradients", "bayes", "--samples", "1"], "--samples must be 2 to 100000"),
    (["synthesis"], "Missing expected argument"),
    (["synthesis", "bayes", "--radius", "0"], "--radius must be"),
    (["synthesis", "bayes", "--step-length", "nan"], "--step-length must be"),
    (["synthesis", "bayes", "--steps", "9223372036854775807"], "--steps must be 1 to 100000"),
    (["synthesis", "bayes", "--samples", "10001"], "--samples must be 2 to 10000"),
    (["synthesis", "bayes", "--patch", "0"], "--patch must be 1 to 4096"),
    (["synthesis", "bayes", "--kind", "inpainting", "--patch", "21"], "--patch must be 1 to 20, got 21"),
    (["synthesis", "bayes", "--reference-images", "1"], "--reference-images must be 2 to 100000"),
    (["counterfactuals", "bayes", "--cone", "90"], "--cone must be 0.0 to 89.9"),
    (["counterfactuals", "bayes", "--start-noise", "inf"], "--start-noise must be"),
    (["counterfactuals", "bayes", "--classifier-weight", "-1"], "--classifier-weight"),
    (["counterfactuals", "bayes", "--path", "up"], "'--path"),
  ]) func unusableOptionsAreRefused(_ arguments: [String], _ message: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(["show"] + arguments + ["--output", binary.path("a.svg"), "--no-cache"]).wait()
    #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
    #expect(binary.files.isEmpty)
  }

  @Test func whatATaskCannotGiveIsSaid() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    for (arguments, message) in [
      (["synthesis", "bayes", "--kind", "super-resolution", "--factor", "3"], "3 does not divide images of 20 x 40"),
      (["synthesis", "bayes", "--preset", "cifar10", "--kind", "inpainting"], "nothing was published for inpainting"),
      (["synthesis", "bayes", "--reference-images", "2"], "hold none of class"),
      (["counterfactuals", "bayes", "--target", "10"], "there is no class 10, expected 0 to 9"),
    ] {
      let outcome = try binary.start(["show"] + arguments + ["--output", binary.path("a.svg"), "--no-cache"]).wait()
      #expect(outcome.status == 1 && outcome.errors.contains(message), "\(outcome.errors)")
    }
  }
}
