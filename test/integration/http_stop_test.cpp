// Starting, stopping and being too busy.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "integration/http_house.hpp"
#include "integration/web_socket_client.hpp"

namespace test {
namespace {

TEST(HttpStop, ScreensAndStreamsAreToldAndClosed) {
  HttpHouse house;
  const auto meeting = house.settle(house.book().id);
  const auto host = house.desk_host(meeting.seats[0].desktop->id);
  const auto cookie = house.desk_cookie(meeting, 0);
  WebSocketClient viewer(house.port);
  ASSERT_EQ(viewer.open("/screen", host, WebSocketClient::upgrade_headers("http://" + host, cookie))
                .status,
            101);
  HttpClient events(house.port);
  events.send(HttpClient::request("GET", "/v1/desk/events", host, {{"Cookie", cookie}}));
  ASSERT_NE(events.take_until("event: status"), "");
  HttpClient idle(house.port);
  EXPECT_EQ(idle.call("GET", "/healthz", house.host).status, 200);
  std::thread stopper([&] { house.server->stop(); });
  EXPECT_EQ(viewer.read_close(), 1001);
  viewer.http().close();
  EXPECT_TRUE(events.closed_within(5s));
  EXPECT_TRUE(idle.closed_within(5s));
  stopper.join();
  HttpClient late(house.port);
  EXPECT_FALSE(late.connected());
}

// Holds every handler that asks whether the server is ready, until it is opened.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  bool wait_for(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return waiting_ >= count; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

class HttpBusy : public testing::Test {
 protected:
  HttpBusy() {
    config.limits.threads = 2;
    config.limits.queue_max = 3;
    house = std::make_unique<HttpHouse>(config);
    house->before_ready = [this] { gate.wait(); };
  }
  ~HttpBusy() override { gate.open(); }
  std::unique_ptr<HttpClient> ask() {
    auto client = std::make_unique<HttpClient>(house->port);
    client->send(HttpClient::request("GET", "/readyz", house->host));
    return client;
  }
  host::http::ServerConfig config;
  Gate gate;
  std::unique_ptr<HttpHouse> house;
};

TEST_F(HttpBusy, AFullQueueAnswers503AndFilesAreStillServed) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 2; ++i) clients.push_back(ask());
  ASSERT_TRUE(gate.wait_for(2));
  for (int i = 0; i < 20; ++i) clients.push_back(ask());
  EXPECT_EQ(house->call("GET", "/").status, 200);
  gate.open();
  int busy = 0;
  int good = 0;
  for (const auto& client : clients) {
    const auto answer = client->read();
    if (answer.status == 503) {
      ++busy;
      EXPECT_NE(answer.header("retry-after"), "");
    }
    if (answer.status == 200) ++good;
  }
  EXPECT_EQ(good, 5);  // two ran, three waited
  EXPECT_EQ(busy, 17);
}

TEST_F(HttpBusy, StoppingAnswersWhatRuns) {
  const auto client = ask();
  ASSERT_TRUE(gate.wait_for(1));
  std::thread stopper([&] { house->server->stop(); });
  HttpClient probe(house->port);
  probe.closed_within(20s);  // the doors are closed by now
  gate.open();
  EXPECT_EQ(client->read().status, 200);
  stopper.join();
}

TEST(HttpStart, APortInUseIsSaid) {
  HttpHouse house;
  host::http::ServerConfig config;
  config.port = house.port;
  host::http::Server second(
      config, host::http::Dependencies{house.schedule, house.join, house.access, house.settings,
                                       house.store, house.memory, house.console, house.clock,
                                       house.metrics, [] { return app::SweepReport{}; },
                                       [] { return base::Result<>(); }, kPages});
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, base::ErrorKind::unavailable);
  EXPECT_NE(started.error().message.find(std::to_string(house.port)), std::string::npos);
}

}  // namespace
}  // namespace test
