import BenchCore
import Foundation
import Plugins
import Tensor

// Pairs a second of a metric: `MetricBenchmark ID=FILES C,H,W PAIRS THREADS SECONDS`. The pairs are random images that no call has
// seen before; prints the medians over calls for as many seconds, of time and of the processor time of all threads.

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 5, let pairs = Int(arguments[2]), let threads = Int(arguments[3]),
  let seconds = Double(arguments[4])
else {
  FileHandle.standardError.write(Data("MetricBenchmark ID=FILES C,H,W PAIRS THREADS SECONDS\n".utf8))
  exit(2)
}
let words = arguments[0].split(separator: "=", maxSplits: 1).map(String.init)
let files = words.count > 1 ? words[1].split(separator: ",").map(String.init) : []
let shape = Shape(arguments[1].split(separator: ",").compactMap { Int($0) })
let metric = try ReferenceLoader(files: nil).metric(
  .plugin(id: words[0], files: files),
  ReferenceOptions(task: nil, imageShape: shape, classCount: 0, threads: threads))

let random = RandomStream(seed: 1, name: "images")
func images(_ item: Int) -> Tensor {
  Tensor(
    shape: shape.prepending(pairs),
    scalars: random.uniforms(item: item, count: pairs * shape.count).map { Float(2 * $0 - 1) })
}
let (first, second) = (images(0), images(1))
_ = try metric.compare(first, second)

func processorSeconds() -> Double {
  var time = timespec()
  guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .nan }
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

let clock = ContinuousClock()
let end = clock.now + .seconds(seconds)
var times: [(elapsed: Double, processor: Double)] = []
while times.isEmpty || clock.now < end {
  let start = processorSeconds()
  let time = (try clock.measure { _ = try metric.compare(first, second) }).components
  times.append((Double(time.seconds) + 1e-18 * Double(time.attoseconds), processorSeconds() - start))
}
func rate(_ times: [Double]) -> Double { Double(pairs) / times.sorted()[times.count / 2] }
print(
  "{\"pairsPerSecond\": \(rate(times.map(\.elapsed))), \"pairsPerProcessorSecond\": \(rate(times.map(\.processor)))}")
