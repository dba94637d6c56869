import Foundation

/// What an input may take of a process: time, after which the system ends the process, and memory, which is looked at afterwards.
enum Watch {
  /// Processor time of one input, in seconds.
  static let seconds = 10
  /// Resident memory of one input above what was there before, in bytes. Files of some kB that ask for the largest values
  /// accepted (2^28 numbers) take as much.
  static let largestMemory = 1 << 30
  /// The same for each byte of an input, which is made in this process, as numbers and as a file, and read then: a network that
  /// was drawn large has hundreds of megabytes.
  static let memoryPerByte = 4
  /// What the process may map: a larger allocation fails, and so ends the process.
  private static let largestAddressSpace = 8 << 30

  static func limitAddressSpace() {
    var limit = rlimit(rlim_cur: rlim_t(largestAddressSpace), rlim_max: rlim_t(largestAddressSpace))
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    // A core file for each trap fills the disk.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  }

  /// Starts the clock of an input. SIGPROF, which nobody handles, ends the process.
  static func start() {
    var timer = itimerval(
      it_interval: timeval(tv_sec: 0, tv_usec: 0), it_value: timeval(tv_sec: seconds, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    // The peak counts from here.
    if let file = fopen("/proc/self/clear_refs", "w") {
      fputs("5", file)
      fclose(file)
    }
  }

  /// The resident memory's peak since `start` and what is resident now, in bytes.
  static func memory() -> (peak: Int, now: Int) {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return (0, 0) }
    func value(_ key: String) -> Int {
      let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
      return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 << 10 } ?? 0
    }
    return (value("VmHWM:"), value("VmRSS:"))
  }
}
