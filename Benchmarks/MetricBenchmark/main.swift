import BenchCore
import Checkpoints
import Foundation
import Plugins
import Tensor

// Pairs a second of a metric: `MetricBenchmark ID=FILES C,H,W PAIRS THREADS SECONDS`. The pairs are random images that no call has
// seen before; prints the median over calls for as many seconds.

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 5, let pairs = Int(arguments[2]), let threads = Int(arguments[3]),
  let seconds = Double(arguments[4])
else {
  FileHandle.standardError.write(Data("MetricBenchmark ID=FILES C,H,W PAIRS THREADS SECONDS\n".utf8))
  exit(2)
}
let words = arguments[0].split(separator: "=", maxSplits: 1).map(String.init)
let choice = MetricChoice(id: words[0], files: words.count > 1 ? words[1] : nil)
let shape = Shape(arguments[1].split(separator: ",").compactMap { Int($0) })
let (plugin, paths) = try choice.resolved(BuiltinPlugins.all)
let metric = try plugin.load(
  paths.map { ReferenceFile(try CheckpointFile.open($0)) },
  ReferenceOptions(task: "random images", imageShape: shape, classCount: 0, threads: threads))

let random = RandomStream(seed: 1, name: "images")
func images(_ item: Int) -> Tensor {
  Tensor(
    shape: shape.prepending(pairs),
    scalars: random.uniforms(item: item, count: pairs * shape.count).map { Float(2 * $0 - 1) })
}
let (first, second) = (images(0), images(1))
_ = try metric.compare(first, second)
let clock = ContinuousClock()
let end = clock.now + .seconds(seconds)
var times: [Double] = []
while times.isEmpty || clock.now < end {
  let time = (try clock.measure { _ = try metric.compare(first, second) }).components
  times.append(Double(time.seconds) + 1e-18 * Double(time.attoseconds))
}
times.sort()
print("{\"pairsPerSecond\": \(Double(pairs) / times[times.count / 2])}")
