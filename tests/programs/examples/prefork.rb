#!/usr/bin/env ruby
# SPDX-License-Identifier: GPL-2.0
# A server that loads its data once and then forks workers, which only read it.
#
#	prefork.rb [--compact] [WORKERS [ITEMS]]
#
# Requests come from standard input, a line each: "find PRICE", which is how many items
# have it, and "collect", for a run of the garbage collector. Each worker answers each.
# With --compact the objects grow old and are moved together before the fork.

def load_items(items)
  (0...items).map { |i| { id: i, price: 1000 + i % 7919, name: "item #{i}" } }
end

def find(catalogue, price)
  catalogue.count { |item| item[:price] == price }
end

def collect
  GC.start
  GC.count
end

def grow_old
  4.times { GC.start }
  GC.compact
end

def work(catalogue, requests, answers)
  requests.each_line do |line|
    word, price = line.split
    answer = word == "find" ? find(catalogue, price.to_i) : collect
    answers.puts "#{Process.pid} #{word} #{answer}"
    answers.flush
  end
end

def start_worker(catalogue)
  requests, to_worker = IO.pipe
  from_worker, answers = IO.pipe
  fork do
    to_worker.close
    from_worker.close
    work(catalogue, requests, answers)
  end
  requests.close
  answers.close
  to_worker.sync = true
  [to_worker, from_worker]
end

compact = ARGV.first == "--compact"
ARGV.shift if compact
workers = (ARGV[0] || 3).to_i
catalogue = load_items((ARGV[1] || 30000).to_i)
grow_old if compact
pool = Array.new(workers) { start_worker(catalogue) }
puts "ready"
$stdout.flush
$stdin.each_line do |line|
  pool.each do |to_worker, from_worker|
    to_worker.puts line
    puts from_worker.gets
    $stdout.flush
  end
end
