import Foundation
import JSON
import Testing

@Suite struct AttackCommandTests {
  @Test func oneRadiusPerImageForAnyBatchAndThreads() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let arguments = ["attack", checkpoint, "--images", "6", "--attack", "pgd-l2", "--steps", "10", "--json", "--quiet"]
    func entry(_ more: [String]) throws -> JSONValue {
      let outcome = try binary.start(arguments + more).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let report = try JSONDecoding.parse(Data(outcome.output.utf8), source: "attack")
      return try #require(report["robustness"]?.arrayValue?.first)
    }
    let one = try entry(["--threads", "1", "--batch", "1"])
    let many = try entry(["--threads", "3", "--batch", "5"])
    #expect(one == many)
    #expect(one["radii"]?.arrayValue?.count == 6 && one["attack"]?["id"]?.stringValue == "pgd-l2")
    #expect(one["clip"] == nil, "glyphs have no range")
  }

  /// Networks that were trained: the same numbers for any batch and threads, and larger ones where noise was trained on.
  @Test(arguments: [("pgd-linf", "--steps"), ("square-l2", "--queries")])
  func trainedNetworks(_ attack: String, _ effort: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    func entry(_ model: String, _ batch: String, _ threads: String) throws -> JSONValue {
      let checkpoint = RealBinary.package.appendingPathComponent("models/\(model)/model.ckpt").path
      let outcome = try binary.start(
        [
          "attack", checkpoint, "--images", "10", "--attack", attack, effort, "20", "--tolerance", "0.1", "--no-checks",
          "--json", "--quiet", "--batch", batch, "--threads", threads,
        ]
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let report = try JSONDecoding.parse(Data(outcome.output.utf8), source: "attack")
      return try #require(report["robustness"]?.arrayValue?.first)
    }
    let standard = try entry("glyphs-cnn-cross-entropy", "1", "1")
    #expect(try entry("glyphs-cnn-cross-entropy", "7", "2") == standard)
    let smoothed = try entry("glyphs-cnn-randomized-smoothing-0.5", "64", "3")
    #expect(try entry("glyphs-cnn-randomized-smoothing-0.5", "2", "1") == smoothed)
    func median(_ entry: JSONValue) throws -> Double { try #require(entry["medianRadius"]?["value"]?.doubleValue) }
    #expect(try median(smoothed) > median(standard))
  }

  @Test(arguments: [
    (["--attack", "pgd-l3"], "did you mean `pgd-l2`?"), (["--radius", "0"], "--radius"), (["--loss", "dlr"], "--loss"),
    (["--attack", "fab-t-l2", "--loss", "margin"], "--loss is that of pgd-linf"),
    (["--loss", "margin", "--loss", "margin"], "--loss: each once"),
    (["--radius", "nan"], "--radius"),
    (["--radius=-1"], "--radius"), (["--radius", "1/0"], "--radius"), (["--tolerance", "nan"], "--tolerance"),
    (["--images", "0"], "--images"), (["--verify", "a", "--attack", "pgd-l2"], "--verify"),
    (["--adversarial", "a"], "--adversarial"),
  ]) func unusableOptions(_ arguments: [String], _ message: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(["attack", "absent.pt"] + arguments).wait()
    #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
  }

  @Test func imagesThatWereWrittenAreVerified() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let file = binary.path("attacked.safetensors")
    let common = ["attack", checkpoint, "--images", "4", "--radius", "3", "--json", "--quiet"]
    let made = try binary.start(common + ["--attack", "pgd-l2", "--no-checks", "--adversarial", file]).wait()
    #expect(made.status == 0, "\(made.errors)")
    let read = try binary.start(common + ["--verify", file]).wait()
    #expect(read.status == 0, "\(read.errors)")
    let first = try JSONDecoding.parse(Data(made.output.utf8), source: "attack")["robustness"]?.arrayValue?[0]["radii"]
    let second = try JSONDecoding.parse(Data(read.output.utf8), source: "verify")["robustness"]?.arrayValue?[1]["radii"]
    #expect(first != nil && first == second)
  }

  @Test(.enabled(if: RealBinary.hasShared, "needs ../shared")) func aStandardNetworkFalls() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run(
      "attack", RealBinary.shared.appendingPathComponent("models/cifar10-resnet20.th").path, "--task", "cifar10",
      "--data",
      RealBinary.shared.appendingPathComponent("data/cifar10").path, "--mean", "0.485,0.456,0.406", "--std",
      "0.229,0.224,0.225", "--images", "10", "--attack", "pgd-linf", "--radius", "8/255", "--no-checks", "--json",
      "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try JSONDecoding.parse(Data(outcome.output.utf8), source: "attack")
    let accuracy = report["robustness"]?.arrayValue?.first?["robustAccuracy"]?.arrayValue?.first?["accuracy"]?["value"]
    #expect(accuracy?.doubleValue == 0)
  }
}
