import Checkpoints
import Foundation
import JSON
import Testing

@Suite struct PluginsCheckTests {
  @Test func aSoundModelPasses() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let outcome = try binary.run("plugins", "check", checkpoint, "--quiet")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.contains("11 images of task glyphs") && outcome.output.contains("conforms"))
    let json = try binary.run("plugins", "check", checkpoint, "--json", "--quiet")
    let report = try JSONDecoding.parse(Data(json.output.utf8), source: "check")
    #expect(report["passed"] == .bool(true) && (report["checks"]?.arrayValue?.count ?? 0) >= 18)
    #expect(binary.files == ["model.json", "small.pt"])
  }

  @Test(
    "broken models fail with what it means",
    arguments: [
      ("saturation", #"{"type": "Linear", "name": "fc"}, {"type": "Scale", "value": 1000000}"#),
      ("constant-logits", #"{"type": "Linear", "name": "fc"}, {"type": "Clip", "minimum": 1000, "maximum": 1001}"#),
      (
        "zero-gradients",
        #"{"type": "Linear", "name": "fc"}, {"type": "Scale", "value": 1e-30}, {"type": "Scale", "value": 1e-30}"#
      ),
    ])
  func broken(_ requirement: String, layers: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    let text = try String(contentsOfFile: description, encoding: .utf8)
      .replacing(#"{"type": "Linear", "name": "fc"}"#, with: layers)
    try text.write(toFile: description, atomically: true, encoding: .utf8)
    let outcome = try binary.run("plugins", "check", checkpoint, "--quiet", "--json")
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
    let checks = try JSONDecoding.parse(Data(outcome.output.utf8), source: "check")["checks"]?.arrayValue ?? []
    let failed = checks.filter { $0["status"]?.stringValue == "failed" }.compactMap { $0["requirement"]?.stringValue }
    // Logits that vanish are constant ones.
    #expect(failed.contains(requirement) || failed.contains("constant-logits"), "\(failed)")
    let words = try binary.run("plugins", "check", checkpoint, "--quiet")
    #expect(words.output.contains("FAILED") && words.output.contains("What it means:"))
  }

  @Test func imagesWithoutATask() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let outcome = try binary.run("plugins", "check", checkpoint, "--shape", "1,20,40", "--images", "5", "--quiet")
    #expect(outcome.status == 0 && outcome.output.contains("5 images of random pixels"), "\(outcome.errors)")
    #expect(try binary.run("plugins", "check", checkpoint, "--images", "1").status == 64)
    #expect(try binary.run("plugins", "check", binary.path("none.pt")).status == 1)
  }
}
