import BenchCore
import Foundation
import Testing

/// A data set of the user's own, from the files to a trained and measured network.
@Suite struct OwnDataTests {
  @Test func fromTheFilesToATrainedNetwork() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try StripedImages.write(to: binary)
    let described = try binary.run("tasks", "describe", "stripes", "--quiet")
    #expect(described.status == 0, "\(described.errors)")
    #expect(described.output.contains("task stripes: 1 x 8 x 8, 2 classes"), "\(described.output)")
    let first = try Data(contentsOf: URL(fileURLWithPath: binary.path("stripes/task.json")))
    // The same again, from the file itself and with other threads; an earlier description is replaced.
    let again = try binary.run("tasks", "describe", "stripes/stripes.npz", "--threads", "1", "--quiet")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: binary.path("stripes/task.json"))) == first)
    #expect(again.errors.contains("holds the description of task stripes, version 1, which will be replaced"))
    // Where others keep their data changes nothing.
    let shown = try RunningProgram(
      program: RealBinary.program, arguments: ["tasks", "show", "stripes/task.json", "--no-cache", "--quiet"],
      folder: binary.folder, environment: ["PAGS_BENCH_DATA": "/nonexistent"]
    ).wait()
    #expect(shown.status == 0 && shown.output.contains("--task stripes/task.json"), "\(shown.errors)")

    let training = try binary.run(
      "train", "--task", "stripes", "--epochs", "2", "--width", "2", "--batch", "16", "--output", "net", "--quiet")
    #expect(training.status == 0, "\(training.errors)")
    let evaluated = try binary.run(
      "evaluate", "net/model.ckpt", "--task", "stripes/task.json", "--no-cache", "--id", "net", "--quiet")
    #expect(evaluated.status == 0, "\(evaluated.errors)")
    let place = binary.folder.appendingPathComponent("leaderboard/own/unranked/stripes/net.json")
    let result = try ResultFile.read(place)
    #expect(result.task.id == "stripes" && result.task.dataset.images == 24)
    #expect(result.task.dataset.remark?.contains("described by task.json of SHA-256") == true)
    #expect(!result.hasVerdict && result.measurements.sensitivity.count == 4)
    #expect(try binary.run("leaderboard", "verify").status == 0)
    // Other images under the same name: the first result stays.
    let written = try Data(contentsOf: place)
    let seen = try Data(contentsOf: URL(fileURLWithPath: binary.path("stripes/stripes.npz")))
    try StripedImages.write(to: binary, factor: 6007)
    #expect(try Data(contentsOf: URL(fileURLWithPath: binary.path("stripes/stripes.npz"))) != seen)
    let other = try binary.run(
      "evaluate", "net/model.ckpt", "--task", "stripes/task.json", "--no-cache", "--id", "net", "--quiet")
    #expect(other.status == 1 && other.errors.contains("holds a result on other data"), "\(other.errors)")
    #expect(try Data(contentsOf: place) == written)
  }

  @Test func whatIsNoDataSetIsNamed() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try StripedImages.write(to: binary)
    func refusal(_ arguments: String...) throws -> String {
      let outcome = try binary.start(["tasks", "describe"] + arguments).wait()
      #expect([1, 64].contains(outcome.status), "\(arguments)")
      return outcome.errors
    }
    #expect(try refusal("nowhere").contains("nowhere"))
    try FileManager.default.createDirectory(atPath: binary.path("empty"), withIntermediateDirectories: true)
    #expect(try refusal("empty").contains("holds no data set that is read"))
    #expect(try refusal("stripes", "--id", "mnist").contains("is a task of pags-bench"))
    #expect(try refusal("stripes", "--crop", "1,2,3").contains("--crop must be height and width"))
    #expect(try refusal("stripes", "--resize", "16").contains("--resize and --crop are of folders"))
    _ = try binary.write(Data("mine".utf8), "stripes/task.json")
    #expect(try refusal("stripes").contains("is not a description of `tasks describe`"))
    let evaluated = try binary.run("evaluate", "bayes", "--task", "stripes/task.json")
    #expect(evaluated.status != 0 && evaluated.errors.contains("task.json"), "\(evaluated.errors)")
  }
}
