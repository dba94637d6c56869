import ArgumentParser
import Foundation
import Networks

/// `pags-bench onnx-test`: for developers; runs graphs whose outputs are known.
struct ONNXTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "onnx-test", abstract: "Runs ONNX graphs with known outputs (for developers).",
    discussion: """
      Reads folders in the layout of the ONNX project's tests (model.onnx, test_data_set_0/input_0.pb, output_0.pb) and \
      prints a line for each: its name, `pass`, `fail` or `error`, and the reason, separated by tabs.
      """,
    shouldDisplay: false)

  @Argument(help: "A file that names one folder per line.", completion: .file())
  var list: String

  @Option(help: "Absolute tolerance.")
  var absolute = 1e-7

  @Option(help: "Relative tolerance.")
  var relative = 1e-3

  @OptionGroup(title: "Networks on another device (docs/devices.md)") var deviceOptions: DeviceOptions

  func run() throws {
    for line in try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n") {
      let folder = URL(fileURLWithPath: String(line))
      var outcome: (word: String, reason: String)
      do {
        let problems = try ONNXReferenceCase(folder: folder).problems(absolute: absolute, relative: relative)
        outcome = (problems.isEmpty ? "pass" : "fail", problems.joined(separator: "; "))
      } catch { outcome = ("error", "\(error)") }
      outcome.reason = outcome.reason.replacing("\n", with: " ").replacing("\t", with: " ")
      CommandLineOutput.result("\(folder.lastPathComponent)\t\(outcome.word)\t\(outcome.reason)")
    }
  }
}

extension ONNXTestCommand: DeviceCommand {
  var batch: Int? { nil }
}
